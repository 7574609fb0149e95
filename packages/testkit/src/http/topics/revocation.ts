import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { ChatError } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { readEvents, textOf } from "../server-events.ts";
import { contentOf } from "../socket.ts";
import { type Authenticate, check, type HttpTopic, type ParlorOptions, type Principal, type Site } from "../suite.ts";
import { socketCheck } from "./sockets.ts";

const hi = { message: "Hi", session_id: "s1" };
const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";

/** What `auth` says of a token, of one case's server. */
type Verdict = Principal | "down" | "forbidden" | undefined;
const verdicts = new Map<string, Verdict>();

const auth: Authenticate = ({ headers }) => {
  const verdict = verdicts.get(headers["authorization"]?.slice("Bearer ".length) ?? "");
  if (verdict === "down") throw new Error("canary");
  if (verdict === "forbidden") throw new ChatError("forbidden", "Not any more.");
  return verdict;
};

const options: ParlorOptions = { auth };
const engine = () => ({ clock: manualClock() });
const talking = [{ type: "text", text: "Well" } as const, { stall: true } as const];
const expiring = (at: number): Principal => ({ id: "ada", expiresAt: at });

/** A token, and how to change what it is worth. */
function token(verdict: Verdict): { readonly as: string; readonly becomes: (verdict: Verdict) => void } {
  const as = crypto.randomUUID();
  verdicts.set(as, verdict);
  return { as, becomes: (other) => void verdicts.set(as, other) };
}

const ada = () => token({ id: "ada" });

/** A second at a time, so that turns keep their leases. */
async function pass({ engine: { clock } }: Site, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    (clock as ReturnType<typeof manualClock>).advance(1_000);
    await setImmediate();
  }
}

export const revocation: HttpTopic = {
  name: "credentials that are revoked or expire while a connection is open",
  cases: [
    socketCheck(
      "T17: each message is authorised, and the socket ends",
      async ({ socket, backend }) => {
        for (const [verdict, code] of [
          [undefined, 4401],
          ["forbidden", 4403],
          [{ id: "eve" }, 4401],
        ] as const) {
          for (const message of [hi, { type: "stop", session_id: "s1" }, { type: "resume", session_id: "s1" }]) {
            const { as, becomes } = ada();
            const client = await socket({ as });
            client.send({ type: "stop", session_id: "s1" });
            client.send({ type: "ping" });
            await client.next();
            becomes(verdict);
            client.send(message);
            assert.equal((await client.closed).code, code);
          }
        }
        assert.equal(backend.calls.length, 0);
      },
      { options, engine },
    ),
    socketCheck(
      "P26: a socket that only reads, or does nothing, ends within 5 s; its turn goes on",
      async (site) => {
        const { as, becomes } = ada();
        const [reading, idle] = [await site.socket({ as }), await site.socket({ as })];
        const other = await site.socket({ as: ada().as });
        reading.send(hi);
        assert.equal((await reading.next()).content, "Well");
        await pass(site, 10);
        becomes(undefined);
        await pass(site, 5);
        assert.deepEqual([(await reading.closed).code, (await idle.closed).code], [4401, 4401]);
        assert.equal(site.backend.calls[0]?.signal.aborted, false);
        other.send({ type: "stop", session_id: "s1" });
        await site.backend.calls[0]?.left;
      },
      { options, engine, model: talking },
    ),
    socketCheck(
      "a socket ends when its credentials expire, unless an auth message brings newer ones",
      async (site) => {
        const now = site.engine.clock.now();
        const { as } = token(expiring(now + 2_000));
        const [short, renewed] = [await site.socket({ as }), await site.socket({ as })];
        renewed.send({ type: "auth", token: token(expiring(now + 60_000)).as });
        renewed.send({ type: "ping" });
        await renewed.next();
        await pass(site, 2);
        assert.equal((await short.closed).code, 4401);
        await pass(site, 10);
        renewed.send(hi);
        assert.equal(contentOf(await renewed.turn()), "Hello there, friend");
      },
      { options, engine },
    ),
    socketCheck(
      "where it cannot be found out, a message is not served and the socket stays",
      async (site) => {
        const { as, becomes } = ada();
        const client = await site.socket({ as });
        becomes("down");
        await pass(site, 10);
        client.send(hi);
        const { type, code, error } = await client.next();
        assert.deepEqual([type, code], ["error", "auth_unavailable"]);
        assert.doesNotMatch(error ?? "", /canary/);
        becomes({ id: "ada" });
        client.send(hi);
        assert.equal(contentOf(await client.turn()), "Hello there, friend");
      },
      { options, engine },
    ),
    ...(["is revoked", "expires"] as const).map((how) =>
      check(
        `P26: a stream whose token ${how} breaks off, and can be resumed with another`,
        async (site) => {
          const { as, becomes } = token(expiring(site.engine.clock.now() + (how === "expires" ? 2_000 : 60_000)));
          const response = await site.open("GET", stream, { as });
          const reading = readEvents(response.body!);
          const first = (await reading.next()).value;
          if (how === "is revoked") becomes(undefined);
          await pass(site, 5);
          await assert.rejects(reading.next(), "the stream looks whole");
          assert.equal(site.backend.calls[0]?.signal.aborted, false);
          const headers = { "last-event-id": first?.id ?? "" };
          assert.equal((await site.ask("GET", stream, { as, headers })).status, 401);
          const rest = site.events("GET", stream, { as: ada().as, headers });
          site.release();
          const events = first ? [first] : [];
          for await (const event of rest) events.push(event);
          assert.equal(textOf(events), "Well, yes");
        },
        {
          options,
          engine,
          model: (gate) => [
            { type: "text", text: "Well" },
            { wait: gate },
            { type: "text", text: ", yes" },
            { type: "finish", reason: "stop" },
          ],
        },
      ),
    ),
  ],
};
