import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { statementsSoFar } from "./support/meter.ts";
import { key, newTurn, said, streaming, textEvent, wide } from "./support/samples.ts";

const file = temporaryFiles();

it("no statement reads a whole table or sorts", async () => {
  const path = file();
  const storage = sqlite(path, { maxMessagesPerSession: 2, maxSessionsPerOwner: 5, ttlMs: 60_000 });
  const { sessions, turns, limits, records, bus } = storage;
  const unsubscribe = await bus.subscribe("topic", () => {});
  await bus.publish("topic", "payload");
  const { appended } = await sessions.open(key, { append: [said("m1"), streaming("a1", "t1")], window: wide });
  const supersede = { from: appended[0]?.seq ?? 0, to: 100 };
  await sessions.settle(key, { ...said("a1"), turn: "t1" }, { turn: "t1", supersede });
  await sessions.append(key, [said("m2")]);
  await sessions.update(key, { title: "Title" });
  await sessions.messages(key, { limit: 1 });
  await sessions.messages(key, { limit: 1, superseded: true });
  await sessions.message(key, "m1");
  await sessions.list(key.owner, { limit: 1, offset: 1 });
  for (const owner of [undefined, key.owner]) await sessions.stats(owner);

  const idempotency = { key: "k", kind: "chat", bodyHash: "h" };
  const claimed = await turns.claim(key, newTurn("t1"), { leaseMs: 1, idempotency });
  const claim = claimed.kind === "won" ? claimed.claim : expect.fail("the session is free");
  await turns.append([{ claim, events: [textEvent(1)] }]);
  await turns.renew([claim], 1);
  await turns.attend(key, "t1", 1);
  await turns.stop(key);
  await turns.read(key, "t1", 0, 10);
  await turns.adopt(key, "t1", 1);
  await turns.expired(10);
  await turns.end(claim, { status: "complete" });
  await turns.settled(key, "t1");
  await turns.live(key);
  await turns.get(key, "t1");
  await turns.release(claim);
  await turns.seal(key.owner, 1);
  await turns.forget(key.owner, key.id);
  await turns.forget(key.owner);

  const { receipt } = await limits.consume("limit", 1, { limit: 1, windowMs: 1 });
  await limits.consume("limit", 2, { limit: 1, windowMs: 1 });
  if (receipt) await limits.settle(receipt, 0);
  await limits.acquire("places", "holder", 1, 1);
  await limits.release("places", "holder");
  await records.putIfAbsent("kind", "a", "1", 1);
  await records.delete("kind", "a");
  await records.list("kind", { limit: 1 });
  await records.list("kind", { limit: 1, after: "a" });
  await sessions.clear(key);
  await sessions.delete(key);
  await sessions.deleteOwner(key.owner);
  unsubscribe();
  // Opened again, it sweeps.
  const other = sqlite(path);
  await setImmediate();
  await other.sessions.close();

  const database = new DatabaseSync(path);
  // Once after a boot, for windows that may last for years.
  const rare = "DELETE FROM windows WHERE ends > window_ms + ?";
  const statements = statementsSoFar().filter(
    (statement) => /^\s*(SELECT|INSERT|UPDATE|DELETE)/.test(statement) && statement !== rare,
  );
  expect(statements.length).toBeGreaterThan(60);
  for (const statement of statements) {
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${statement}`)
      .all()
      .map(({ detail }) => String(detail));
    // These hold one row, what waits for the sweeper, or the turns that run now.
    const small = /^SCAN (?:totals|clock|removed_sessions|sqlite_|CONSTANT|turns USING INDEX turns_unsettled)/;
    const whole = plan.filter((step) => step.startsWith("SCAN") && !small.test(step));
    const sorts = plan.filter((step) => /TEMP B-TREE FOR ORDER BY/.test(step));
    expect({ statement, steps: [...whole, ...sorts] }).toEqual({ statement, steps: [] });
  }
  database.close();
  await sessions.close();
});
