import { randomUUID } from "node:crypto";
import { type ChatEngine, createChatEngine, type TurnEvent } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { redis } from "@parlor/redis";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { type Player, players } from "./support/process.ts";
import { key, textOf, times } from "./support/samples.ts";
import { deleteKeys, sharedServer } from "./support/shared.ts";
import { until } from "./support/wait.ts";

const url = await sharedServer();

describe.skipIf(url === undefined)("two processes on one server", { timeout: 60_000 }, () => {
  const prefix = `parlor-test-${randomUUID()}:`;
  const start = players();
  const engines: ChatEngine[] = [];
  afterEach(async () => void (await Promise.all(engines.splice(0).map((engine) => engine.close()))));
  afterAll(() => deleteKeys(url ?? "", prefix));

  const answer = (session: string) => start("answer", [url ?? "", prefix, session]);
  const node = () => {
    const engine = createChatEngine({
      backend: scriptedBackend(() => says("After all.")),
      storage: redis({ url: url ?? "", prefix }),
      lease: { ms: 1_500, renewMs: 300 },
    });
    engines.push(engine);
    return engine;
  };
  const seenBy = (player: Player) =>
    player.heard.flatMap(({ kind, value }) => (kind === "seen" ? [String(value)] : [])).join("");

  /** The question is there, and all that anybody saw of the answer. */
  async function keeps(engine: ChatEngine, session: string, dead: Player): Promise<void> {
    const history = await engine.sessions.history(key(session));
    const [question, partial] = history?.messages ?? [];
    expect([question?.id, question?.status]).toEqual([`user-${session}`, "complete"]);
    expect([partial?.status, partial?.meta?.error]).toEqual(["interrupted", "lease_lost"]);
    const [part] = partial?.parts ?? [];
    expect(part?.type === "text" && part.text.startsWith(seenBy(dead)), "nothing that was seen is lost").toBe(true);
  }

  it("a turn whose process was killed ends for readers on another node, with all that was seen of it", async () => {
    const other = node();
    const sessions = times(3, (at) => `read${at}`);
    const dying = sessions.map(answer);
    await Promise.all(dying.map((player) => player.says("seen", 20)));
    const read = await Promise.all(
      sessions.map(async (session, at) => {
        const id = String((await dying[at]?.says("accepted"))?.value);
        const turn = await other.turn(key(session), id);
        const events: TurnEvent[] = [];
        const ended = new Promise<void>((resolve, reject) => {
          turn.subscribe(0, {
            onBatch: (batch) => {
              events.push(...batch);
              if (batch.at(-1)?.type === "end") resolve();
            },
            onError: reject,
          });
        });
        return { events, ended };
      }),
    );
    await Promise.all(dying.map((player) => player.end("SIGKILL")));
    for (const [at, session] of sessions.entries()) {
      const { events, ended } = read[at] ?? expect.fail();
      await ended;
      expect(events.at(-1)).toMatchObject({ type: "end", status: "interrupted", error: { code: "lease_lost" } });
      expect(events.map(({ offset }) => offset)).toEqual(times(events.length, (index) => index + 1));
      expect(textOf(events).startsWith(seenBy(dying[at] ?? expect.fail()))).toBe(true);
      await keeps(other, session, dying[at] ?? expect.fail());
    }
  });

  it("a turn whose process was killed ends when the next message comes, and when nobody asks", async () => {
    const other = node();
    const dying = ["asked", "unasked"].map(answer);
    await Promise.all(dying.map((player) => player.says("seen", 20)));
    await Promise.all(dying.map((player) => player.end("SIGKILL")));
    expect((await other.send({ owner: "ada", session: "asked", message: "And now?" })).text).toBe("After all.");
    await keeps(other, "asked", dying[0] ?? expect.fail());
    // Having had a turn, this node looks after those of others.
    await until(
      () => other.storage.turns.live(key("unasked")),
      (turn) => turn === undefined,
    );
    await keeps(other, "unasked", dying[1] ?? expect.fail());
    expect(await other.storage.turns.expired(100)).toEqual([]);
  });

  it("a process that was frozen beyond its lease writes nothing once it thaws", async () => {
    const frozen = answer("frozen");
    await frozen.says("seen", 20);
    frozen.signal("SIGSTOP");
    const other = node();
    // Waits for the lease to run out, takes the turn over, then has its own.
    expect((await other.send({ owner: "ada", session: "frozen", message: "And now?" })).text).toBe("After all.");
    const turn = String((await frozen.says("accepted")).value);
    const log = () => other.storage.turns.read(key("frozen"), turn, 0, 1_000_000);
    const messages = () => other.storage.sessions.messages(key("frozen"), { limit: 100 });
    const before = [await log(), await messages()];
    frozen.signal("SIGCONT");
    expect((await frozen.says("failed")).value).toBe("lease_lost");
    expect([await log(), await messages()]).toEqual(before);
    await keeps(other, "frozen", frozen);
    await frozen.end();
  });

  it("a stop asked for on one node stops the turn on another", async () => {
    const writer = answer("stopped");
    await writer.says("seen", 5);
    expect(await node().stop(key("stopped"))).toBe(true);
    expect((await writer.says("ended")).value).toMatchObject({ status: "interrupted" });
    await writer.end();
  });
});
