import fc from "fast-check";
import { expect, test } from "vitest";
import { memory, type Message, type Storage } from "../../src/index.ts";
import { manualClock } from "../../src/testing/index.ts";
import { answered, said, streaming, wide } from "./samples.ts";

const owners = ["ada", "eve"];
const ids = ["a", "b", "c"];

const where = { owner: fc.constantFrom(...owners), id: fc.constantFrom(...ids) };
const name = fc.integer({ min: 0, max: 12 });

const step = fc.oneof(
  fc.record({ ...where, do: fc.constant("append" as const), names: fc.array(name, { maxLength: 4 }) }),
  fc.record({ ...where, do: fc.constant("stream" as const), name }),
  fc.record({
    ...where,
    do: fc.constant("settle" as const),
    name,
    from: fc.nat(20),
    to: fc.nat(20),
    tokens: fc.nat(100),
  }),
  fc.record({ ...where, do: fc.constantFrom("clear", "delete", "update", "deleteOwner") }),
  fc.record({ ...where, do: fc.constant("advance" as const), ms: fc.nat(700) }),
);

/** Everything that is kept as a counter, counted. */
async function recount({ sessions }: Storage): Promise<void> {
  const totals = { sessions: 0, messages: 0 };
  for (const owner of owners) {
    const { items } = await sessions.list(owner, { limit: 100 });
    const sorted = items.toSorted((one, other) =>
      one.updatedAt === other.updatedAt ? (one.id < other.id ? 1 : -1) : one.updatedAt < other.updatedAt ? 1 : -1,
    );
    expect(items).toEqual(sorted);
    let messages = 0;
    for (const session of items) {
      const all = (await sessions.messages(session, { limit: 1_000, superseded: true })) ?? [];
      const standing = all.filter(({ status }) => status !== "superseded");
      expect(session.messageCount).toBe(standing.length);
      expect(session.turnCount).toBe(standing.filter(({ role }) => role === "user").length);
      expect(await sessions.messages(session, { limit: 1_000 })).toEqual(standing);
      const seqs = all.map(({ seq }) => seq);
      expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
      for (const message of all) expect(await sessions.message(session, message.id)).toEqual(message);
      messages += standing.length;
    }
    const { sessions: count, messages: counted } = await sessions.stats(owner);
    expect([count, counted]).toEqual([items.length, messages]);
    totals.sessions += items.length;
    totals.messages += messages;
  }
  expect(await sessions.stats()).toMatchObject(totals);
}

test("counters, order and usage are what counting, sorting and adding up give, whatever happened", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.record({
        maxSessions: fc.integer({ min: 1, max: 6 }),
        maxMessagesPerSession: fc.integer({ min: 1, max: 9 }),
        ttlMs: fc.constantFrom(1_000, Infinity),
      }),
      async (steps, bounds) => {
        const clock = manualClock();
        const storage = memory({ ...bounds, clock });
        const { sessions } = storage;
        const open = (key: { owner: string; id: string }) => sessions.open(key, { append: [], window: wide });
        for (const one of steps) {
          const key = { owner: one.owner, id: one.id };
          if (one.do === "advance") clock.advance(one.ms);
          else if (one.do === "append") {
            const given = one.names.map((at) => said(`m${at}`));
            const { appended } = await sessions.open(key, { append: given, window: wide });
            expect(appended.map((message) => message.id)).toEqual(given.map((message) => message.id));
          } else if (one.do === "stream") {
            await open(key);
            await sessions.append(key, [streaming(`m${one.name}`, "t1")]);
          } else if (one.do === "settle") {
            const before = await sessions.get(key);
            const standing: Message | undefined = await sessions.message(key, `m${one.name}`);
            const usage = { inputTokens: one.tokens, outputTokens: 2 * one.tokens };
            const settled = await sessions.settle(key, answered(`m${one.name}`, "t1", usage), {
              turn: "t1",
              supersede: { from: one.from, to: one.to },
            });
            expect(settled).toBe(standing?.status === "streaming");
            const after = await sessions.get(key);
            if (!settled) expect(after).toEqual(before);
            else expect(after?.usage.inputTokens).toBe((before?.usage.inputTokens ?? 0) + one.tokens);
          } else if (one.do === "deleteOwner") await sessions.deleteOwner(one.owner);
          else if (one.do === "update") await sessions.update(key, { favorite: true });
          else await sessions[one.do](key);
          await recount(storage);
        }
      },
    ),
    { numRuns: 200 },
  );
});
