import assert from "node:assert/strict";
import type { Idempotency } from "@parlor/core";
import { timed, topic } from "../topic.ts";
import { atOnce, complete, longMs, newTurn } from "../samples.ts";

const request = (idempotency: Partial<Idempotency> = {}) => ({
  leaseMs: longMs,
  idempotency: { key: "k", kind: "chat", bodyHash: "h", ...idempotency },
});

export const idempotency = topic("idempotency keys", ["turns"], {
  "the same key brings its turn back, whatever it has become": async ({ turns, key }) => {
    const first = await turns.claim(key(), newTurn("t1"), request());
    assert.ok(first.kind === "won");
    const record = { key: key(), ...newTurn("t1") };
    assert.deepEqual(await turns.claim(key(), newTurn("t2"), request()), { kind: "repeat", turn: record });
    await turns.end(first.claim, complete);
    const ended = { kind: "repeat", turn: { ...record, outcome: complete } };
    assert.deepEqual(await turns.claim(key(), newTurn("t3"), request()), ended);
    await turns.settled(key(), "t1");
    assert.deepEqual(await turns.claim(key(), newTurn("t4"), request()), ended);
    assert.equal(await turns.live(key()), undefined, "a repeat claims nothing");
  },

  "the same key with another body is a mismatch, whatever has become of its turn": async ({ turns, key }) => {
    const first = await turns.claim(key(), newTurn("t1"), request());
    assert.ok(first.kind === "won");
    const other = (id: string) => turns.claim(key(id), newTurn("t2"), request({ bodyHash: "other" }));
    for (const next of [() => turns.end(first.claim, complete), () => turns.settled(key(), "t1"), () => undefined]) {
      for (const id of ["s1", "s2"]) assert.deepEqual(await other(id), { kind: "mismatch" });
      await next();
    }
  },

  "keys are of an owner and a kind of call, not of a session": async ({ turns, key }) => {
    await turns.claim(key("a"), newTurn("t1"), request());
    const elsewhere = await turns.claim(key("b"), newTurn("t2"), request());
    assert.ok(elsewhere.kind === "repeat");
    assert.deepEqual(elsewhere.turn.key, key("a"));
    assert.equal((await turns.claim(key("b"), newTurn("t3"), request({ kind: "regenerate" }))).kind, "won");
  },

  "keys and kinds that look alike stay apart": async ({ turns, key }) => {
    const pairs = [
      ["a", "b:c"],
      ["a:b", "c"],
      ["a", "B:C"],
      ["a", "%"],
      ["a", "*"],
      ["a", "__proto__"],
      ["__proto__", "a"],
      ["a", "k".repeat(255)],
      ["a", "k".repeat(254)],
      ["a", "\u{1f600} '\"\\"],
    ] as const;
    for (const [at, [kind, name]] of pairs.entries()) {
      const result = await turns.claim(key(`s${at}`), newTurn(`t${at}`), request({ kind, key: name }));
      assert.equal(result.kind, "won", `${kind} ${name}`);
    }
    for (const [at, [kind, name]] of pairs.entries()) {
      const result = await turns.claim(key("another"), newTurn("other"), request({ kind, key: name }));
      assert.ok(result.kind === "repeat" && result.turn.id === `t${at}`);
    }
  },

  "a claim that is not won takes no key": async ({ turns, key }) => {
    const first = await turns.claim(key(), newTurn("t1"), { leaseMs: longMs });
    assert.ok(first.kind === "won");
    assert.equal((await turns.claim(key(), newTurn("t2"), request())).kind, "busy");
    await turns.end(first.claim, complete);
    assert.equal((await turns.claim(key(), newTurn("t2"), request())).kind, "unsettled");
    await turns.settled(key(), "t1");
    assert.equal((await turns.claim(key(), newTurn("t3"), request({ bodyHash: "other" }))).kind, "won");
  },

  "a released turn frees its key": async ({ turns, key }) => {
    const first = await turns.claim(key(), newTurn("t1"), request());
    assert.ok(first.kind === "won");
    await turns.release(first.claim);
    assert.equal((await turns.claim(key(), newTurn("t2"), request({ bodyHash: "other" }))).kind, "won");
    await turns.release(first.claim);
    assert.equal((await turns.claim(key(), newTurn("t3"), request({ bodyHash: "other" }))).kind, "repeat");
  },

  "forgetting a session frees its keys": async ({ turns, key, owner }) => {
    await turns.claim(key("a"), newTurn("t1"), request({ key: "a" }));
    await turns.claim(key("b"), newTurn("t2"), request({ key: "b" }));
    await turns.forget(owner, "a");
    assert.equal((await turns.claim(key("a"), newTurn("t3"), request({ key: "a" }))).kind, "won");
    assert.equal((await turns.claim(key("c"), newTurn("t4"), request({ key: "b" }))).kind, "repeat");
  },

  "of many claims with one key at once one is won": async ({ nodes, key }) => {
    const results = await atOnce(20, async (at) =>
      nodes[(at % 2) as 0 | 1].turns.claim(key(`s${at % 5}`), newTurn(`t${at}`), request()),
    );
    const winners = results.flatMap((result) => (result.kind === "won" ? [result.claim.turn] : []));
    assert.equal(winners.length, 1);
    for (const result of results)
      if (result.kind !== "won") assert.ok(result.kind === "repeat" && result.turn.id === winners[0]);
  },

  "a key outlives the log of its turn, and then runs out": timed(async ({ turns, key, advance }) => {
    const first = await turns.claim(key(), newTurn("t1"), request());
    assert.ok(first.kind === "won");
    await turns.end(first.claim, complete);
    await turns.settled(key(), "t1");
    await advance(15);
    assert.equal(await turns.read(key(), "t1", 0, 10), undefined);
    const repeat = await turns.claim(key(), newTurn("t2"), request());
    assert.ok(repeat.kind === "repeat");
    assert.deepEqual(repeat.turn, { key: key(), ...newTurn("t1"), outcome: complete });
    await advance(6);
    assert.equal((await turns.claim(key(), newTurn("t3"), request())).kind, "won");
  }),
});
