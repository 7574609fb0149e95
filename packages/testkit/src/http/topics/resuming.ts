import assert from "node:assert/strict";
import { says } from "@parlor/core/testing";
import { expectProblem } from "../expect.ts";
import { chunksOf, collect, type ServerEvent, textOf } from "../server-events.ts";
import { check, type HttpTopic, type Site } from "../suite.ts";

const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";
const from = (id: string) => ({ headers: { "last-event-id": id } });

/** What each of these events leaves to be seen. */
const essence = (events: readonly ServerEvent[]) =>
  events.map(({ event, id, data }) => [event, id, data.replace(/"timestamp":"[^"]*"/, "")]);

async function resumesEverywhere({ events, ask, backend }: Site, all: readonly ServerEvent[]): Promise<void> {
  const turn = all[0]?.id.split(":")[0] ?? "";
  const beginning = await collect(events("GET", stream, from(`${turn}:0`)));
  assert.deepEqual(essence(beginning), essence(all));
  for (const [index, { event, id }] of all.entries()) {
    if (event === "done") continue;
    const isFinal = event === "chunk" && chunksOf([all[index]!])[0]?.is_final;
    const rest = await collect(events("GET", stream, from(id)));
    // The empty last chunk has no place of its own: a reader cut right after it gets it again.
    assert.deepEqual(essence(rest), essence(all.slice(isFinal ? index : index + 1)), `after ${id}`);
  }
  assert.equal((await ask("GET", stream, from(all.at(-1)?.id ?? ""))).status, 204);
  assert.equal(backend.calls.length, 1);
}

export const resuming: HttpTopic = {
  name: "resuming",
  cases: [
    check(
      "from every event of an ended turn: what was missed, once, in order, to the end",
      async (site) => resumesEverywhere(site, await collect(site.events("GET", stream))),
      { model: says("one two three four five six") },
    ),
    check(
      "from every event of a turn with reasoning in it",
      async (site) => resumesEverywhere(site, await collect(site.events("GET", stream))),
      {
        model: [
          { type: "reasoning", text: "hm" },
          { type: "text", text: "a" },
          { type: "reasoning", text: "well" },
          { type: "text", text: "b" },
          { type: "reasoning", text: "so" },
          { type: "finish", reason: "stop" },
        ],
      },
    ),
    check(
      "while it runs: catches up, then follows",
      async ({ events, ask, backend }) => {
        const first = events("GET", stream);
        const seen = [(await first.next()).value, (await first.next()).value] as ServerEvent[];
        await first.return(undefined);
        const rest = events("GET", "/api/v1/chat/stream?session_id=s1", from(seen[0]?.id ?? ""));
        const missed = (await rest.next()).value as ServerEvent;
        assert.deepEqual(essence([missed]), essence([seen[1]!]));
        await ask("POST", "/api/v1/chat/stop", { body: { session_id: "s1" } });
        const last = await collect(rest);
        assert.equal(last.at(-1)?.event, "done");
        assert.deepEqual(
          chunksOf(last).map(({ chunk_id, is_final }) => [chunk_id, is_final]),
          [[2, true]],
        );
        assert.equal(backend.calls.length, 1);
      },
      { model: [{ type: "text", text: "one" }, { type: "text", text: " two" }, { stall: true }] },
    ),
    check("by ?after=, and by POST with the same body", async ({ events, backend }) => {
      const all = await collect(events("GET", stream));
      const id = all[0]?.id ?? "";
      const byQuery = await collect(events("GET", `/api/v1/chat/stream?session_id=s1&after=${id}`));
      assert.deepEqual(essence(byQuery), essence(all.slice(1)));
      const body = { message: "Hi", session_id: "s1", stream: true };
      const byPost = await collect(events("POST", "/api/v1/chat", { body, ...from(id) }));
      assert.deepEqual(essence(byPost), essence(all.slice(1)));
      assert.equal(backend.calls.length, 1);
    }),
    check("fails loudly for a place that is not there, and starts nothing", async ({ ask, events, backend }) => {
      const all = await collect(events("GET", stream));
      const turn = all[0]?.id.split(":")[0] ?? "";
      for (const id of [`${turn}:99`, `${turn}:999999999999999`]) {
        expectProblem(await ask("GET", stream, from(id)), 410, "cursor_expired");
      }
      const unknown = ["nothing", `${turn}`, `${turn}:-1`, `${turn}:1e3`, `${turn}:`, ":1", "0:0", "../:1", "%0a:1"];
      for (const id of unknown) expectProblem(await ask("GET", stream, from(id)), 404, "not_found");
      assert.equal(backend.calls.length, 1);
    }),
    check("is for the owner, and on the turn's own session", async ({ ask, events, backend }) => {
      const all = await collect(events("GET", stream));
      const id = all[0]?.id ?? "";
      expectProblem(await ask("GET", stream, { as: "eve", ...from(id) }), 404, "not_found");
      await ask("POST", "/chat", { as: "eve", body: { message: "Hi", session_id: "s1" } });
      expectProblem(await ask("GET", stream, { as: "eve", ...from(id) }), 404, "not_found");
      expectProblem(await ask("GET", "/api/v1/chat/stream?session_id=s2", from(id)), 404, "not_found");
      expectProblem(await ask("GET", stream, { as: null, ...from(id) }), 401, "unauthorized");
      assert.equal(backend.calls.length, 2);
    }),
    check(
      "two readers of one turn get the same",
      async ({ events, backend, ask }) => {
        const one = events("GET", stream);
        const first = (await one.next()).value as ServerEvent;
        const turn = first.id.split(":")[0] ?? "";
        const two = events("GET", stream, from(`${turn}:0`));
        const again = (await two.next()).value as ServerEvent;
        assert.deepEqual(essence([again]), essence([first]));
        await ask("POST", "/api/v1/chat/stop", { body: { session_id: "s1" } });
        const rests = await Promise.all([collect(one), collect(two)]);
        assert.deepEqual(essence(rests[0]), essence(rests[1]));
        assert.equal(textOf([first, ...rests[0]]), "one");
        assert.equal(backend.calls.length, 1);
      },
      { model: [{ type: "text", text: "one" }, { stall: true }] },
    ),
  ],
};
