import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { createChatEngine, type TurnEvent } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { type Player, players } from "./support/process.ts";
import { times } from "./support/samples.ts";

const file = temporaryFiles();
const start = players();

const lease = { ms: 1_500, renewMs: 300 };

const node = (path: string) =>
  createChatEngine({
    backend: scriptedBackend(says("After all.")),
    storage: sqlite(path, { timeoutMs: 10_000 }),
    lease,
  });

/** Freezes a process between two of its writes: in the middle of one it would keep the lock of all, which `locks.test.ts` shows. */
async function freeze(player: Player, path: string): Promise<void> {
  const database = new DatabaseSync(path);
  for (;;) {
    player.signal("SIGSTOP");
    // The signal is delivered before the process runs again, which may take a moment.
    await sleep(50);
    try {
      database.exec("BEGIN IMMEDIATE; ROLLBACK");
      break;
    } catch {
      player.signal("SIGCONT");
    }
  }
  database.close();
}

const textOf = (events: readonly TurnEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

const seenBy = (player: Player) =>
  player.heard.flatMap(({ kind, value }) => (kind === "seen" ? [String(value)] : [])).join("");

it("a turn whose process was killed ends on another node, with the question and all that was seen of the answer", async () => {
  const path = file();
  const other = node(path);
  const sessions = times(3, (at) => `s${at}`);
  const dying = sessions.map((session) => start("answer", [path, session]));
  await Promise.all(dying.map((player) => player.says("seen", 20)));
  // Readers on the other node follow the turns while their writers are alive.
  const read = await Promise.all(
    dying.map(async (player, at) => {
      const turn = await other.turn({ owner: "ada", id: `s${at}` }, String((await player.says("accepted")).value));
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

  for (const [at, { events, ended }] of read.entries()) {
    await ended;
    const id = `s${at}`;
    expect(events.at(-1)).toMatchObject({ type: "end", status: "interrupted", error: { code: "lease_lost" } });
    expect(events.map(({ offset }) => offset)).toEqual(times(events.length, (index) => index + 1));
    const history = await other.sessions.history({ owner: "ada", id });
    const [question, answer] = history?.messages ?? [];
    expect([question?.id, question?.status]).toEqual([`user-${id}`, "complete"]);
    expect([answer?.status, answer?.parts]).toEqual(["interrupted", [{ type: "text", text: textOf(events) }]]);
    const seen = seenBy(dying[at] as Player);
    expect(textOf(events).startsWith(seen), "nothing that was seen is lost").toBe(true);
    expect((await other.send({ owner: "ada", session: id, message: "And now?" })).text).toBe("After all.");
  }
  await other.close();
});

it("a process that was frozen beyond its lease writes nothing once it thaws", async () => {
  const path = file();
  const frozen = start("answer", [path, "s"]);
  await frozen.says("seen", 20);
  await freeze(frozen, path);
  const key = { owner: "ada", id: "s" };
  const other = node(path);
  // Waits for the lease to run out, takes the turn over, then has its own.
  expect((await other.send({ owner: "ada", session: "s", message: "And now?" })).text).toBe("After all.");
  const turn = String((await frozen.says("accepted")).value);
  const before = await other.storage.turns.read(key, turn, 0, 1_000_000);
  const messages = await other.storage.sessions.messages(key, { limit: 100 });
  expect(before?.events.at(-1)).toMatchObject({ type: "end", status: "interrupted" });

  frozen.signal("SIGCONT");
  expect((await frozen.says("failed")).value).toBe("lease_lost");
  expect(await other.storage.turns.read(key, turn, 0, 1_000_000)).toEqual(before);
  expect(await other.storage.sessions.messages(key, { limit: 100 })).toEqual(messages);
  expect(textOf(before?.events ?? []).startsWith(seenBy(frozen)), "nor has its reader seen what is not there").toBe(
    true,
  );
  await other.close();
});

it("a stop asked for on one node stops the turn on another", async () => {
  const path = file();
  const writer = start("answer", [path, "s"]);
  await writer.says("seen", 5);
  const other = node(path);
  expect(await other.stop({ owner: "ada", id: "s" })).toBe(true);
  expect((await writer.says("ended")).value).toMatchObject({ status: "interrupted" });
  expect(await other.storage.sessions.messages({ owner: "ada", id: "s" }, { limit: 10 })).toMatchObject([
    { status: "complete" },
    { status: "interrupted" },
  ]);
  await other.close();
});
