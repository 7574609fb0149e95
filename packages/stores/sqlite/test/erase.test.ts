import { readFileSync, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { newTurn, said, streaming, textEvent, times, wide } from "./support/samples.ts";

const file = temporaryFiles();

const secret = "a-secret-of-ada";

/** The tables that hold a text in some column. */
function tablesWith(path: string, text: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const found = tables.filter(({ name }) =>
    JSON.stringify(database.prepare(`SELECT * FROM "${String(name)}"`).all()).includes(text),
  );
  database.close();
  return found.map(({ name }) => String(name));
}

/** How often it stands in the bytes of the database and of the log beside it. */
function countInFiles(path: string, text: string): number {
  const bytes = [path, `${path}-wal`].map((name) => (existsSync(name) ? readFileSync(name, "latin1") : ""));
  return bytes.join("").split(text).length - 1;
}

it("nothing of an owner who was deleted is left, and the bytes are overwritten", async () => {
  const path = file();
  const storage = sqlite(path);
  for (const owner of [secret, "someone-else"]) {
    for (const id of times(20, (at) => `${owner}-session-${at}`)) {
      const key = { owner, id };
      await storage.sessions.open(key, {
        init: { title: `${owner} title`, metadata: { note: owner } },
        append: times(15, (at) => said(`${id}-${at}`, `${owner} says ${"word ".repeat(at * 40)}`)),
        window: wide,
      });
      for (const turn of times(3, (at) => `${id}-turn-${at}`)) {
        const idempotency = { key: `${owner}-${turn}`, kind: "chat", bodyHash: `${owner}-hash` };
        const claimed = await storage.turns.claim(key, newTurn(turn), { leaseMs: 60_000, idempotency });
        const claim = claimed.kind === "won" ? claimed.claim : expect.fail("the session is free");
        await storage.sessions.append(key, [streaming(`answer-${turn}`, turn)]);
        for (const offset of times(10, (at) => at + 1)) {
          await storage.turns.append([
            { claim, events: [textEvent(offset, `${owner} ${"said ".repeat(offset * 9)}`)] },
          ]);
        }
        await storage.sessions.settle(
          key,
          { ...said(`answer-${turn}`, `${owner} ${"answer ".repeat(50)}`), role: "assistant" },
          { turn },
        );
        await storage.turns.end(claim, { status: "complete" });
        await storage.turns.settled(key, turn);
      }
      await storage.sessions.update(key, { title: `${owner} renamed` });
    }
    await storage.sessions.clear({ owner, id: `${owner}-session-1` });
    await storage.sessions.delete({ owner, id: `${owner}-session-2` });
  }
  expect(tablesWith(path, secret).toSorted()).toEqual(["log", "messages", "owners", "sessions", "turns"]);
  const before = countInFiles(path, secret);

  expect(await storage.sessions.deleteOwner(secret)).toBe(19);
  await storage.turns.forget(secret);
  expect(tablesWith(path, secret)).toEqual([]);
  // Pages that SQLite splits may keep a piece of a row that it moved to another page, in space they do not use.
  expect(countInFiles(path, secret)).toBeLessThan(before / 100);
  const other = await storage.sessions.list("someone-else", { limit: 100 });
  expect(other.items.length, "others keep theirs").toBe(19);
  expect(
    await storage.turns.get({ owner: "someone-else", id: "someone-else-session-3" }, "someone-else-session-3-turn-0"),
  ).toBeDefined();
  await storage.sessions.close();
});

it("a long conversation is erased in pieces that let others run", async () => {
  const storage = sqlite(file(), { durability: "process" });
  const key = { owner: "ada", id: "long" };
  await storage.sessions.create(key, {});
  for (let at = 0; at < 20; at++) {
    await storage.sessions.append(
      key,
      times(250, (index) => said(`m${at}-${index}`)),
    );
  }
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 0);
  expect(await storage.sessions.clear(key)).toBe(5_000);
  expect(await storage.sessions.messages(key, { limit: 10, superseded: true })).toEqual([]);
  await storage.sessions.append(key, [said("again")]);
  expect(await storage.sessions.delete(key)).toBe(true);
  clearInterval(ticking);
  expect(ticks, "the event loop ran meanwhile").toBeGreaterThan(5);
  await storage.sessions.close();
});
