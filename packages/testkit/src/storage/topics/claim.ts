import assert from "node:assert/strict";
import { timed, topic } from "../topic.ts";
import { append, atOnce, complete, longMs, newTurn, readAll, textEvent, won } from "../samples.ts";

export const claim = topic("claims", ["turns"], {
  "a free session is won": async ({ turns, key }) => {
    const won = await turns.claim(key(), newTurn("t1"), { leaseMs: longMs });
    assert.ok(won.kind === "won");
    assert.deepEqual([won.claim.key, won.claim.turn], [key(), "t1"]);
    const record = { key: key(), ...newTurn("t1") };
    assert.deepEqual(await turns.live(key()), record);
    assert.deepEqual(await turns.get(key(), "t1"), record);
    assert.deepEqual(await turns.read(key(), "t1", 0, 10), { events: [], ended: false });
  },

  "while its writer is alive the session is busy": async ({ turns, key }) => {
    await won(turns, key(), "t1");
    const busy = await turns.claim(key(), newTurn("t2"), { leaseMs: 5 });
    assert.ok(busy.kind === "busy");
    assert.deepEqual(busy.turn, { key: key(), ...newTurn("t1") });
    assert.ok(busy.leaseMs > 0 && busy.leaseMs <= longMs, "what is left of the lease");
    assert.equal(await turns.get(key(), "t2"), undefined, "the loser leaves nothing behind");
    assert.equal((await turns.claim(key("another"), newTurn("t3"), { leaseMs: longMs })).kind, "won");
  },

  "a busy session says how long its lease still lasts": timed(async ({ turns, key, beat, advance }) => {
    await won(turns, key(), "t1", 4 * beat);
    await advance(2);
    const busy = await turns.claim(key(), newTurn("t2"), { leaseMs: longMs });
    assert.ok(busy.kind === "busy" && busy.leaseMs > 0 && busy.leaseMs <= 2 * beat);
  }),

  "of many claims at once one wins": async ({ nodes, key }) => {
    const results = await atOnce(20, async (at) =>
      nodes[(at % 2) as 0 | 1].turns.claim(key(), newTurn(`t${at}`), { leaseMs: longMs }),
    );
    const winners = results.flatMap((result) => (result.kind === "won" ? [result.claim.turn] : []));
    assert.equal(winners.length, 1);
    assert.equal((await nodes[1].turns.live(key()))?.id, winners[0]);
    for (const result of results) if (result.kind !== "won") assert.equal(result.kind, "busy");
  },

  "a turn that ended occupies the session until it has settled": async ({ turns, key }) => {
    const first = await won(turns, key(), "t1");
    await turns.end(first, complete);
    const result = await turns.claim(key(), newTurn("t2"), { leaseMs: longMs });
    const record = { key: key(), ...newTurn("t1"), outcome: complete };
    assert.deepEqual(result, { kind: "unsettled", turn: record });
    assert.deepEqual(await turns.live(key()), record);
    await turns.settled(key(), "t1");
    assert.equal(await turns.live(key()), undefined);
    assert.deepEqual(await turns.get(key(), "t1"), record, "it is still known");
    await won(turns, key(), "t2");
  },

  "what has not ended cannot settle": async ({ turns, key }) => {
    const first = await won(turns, key(), "t1");
    await turns.settled(key(), "t1");
    assert.equal((await turns.claim(key(), newTurn("t2"), { leaseMs: longMs })).kind, "busy");
    assert.equal(await append(turns, first, [textEvent(1)]), 1);
  },

  "settling a turn again does not free the next one's session": async ({ turns, key }) => {
    const first = await won(turns, key(), "t1");
    await turns.end(first, complete);
    await turns.settled(key(), "t1");
    const second = await won(turns, key(), "t2");
    await turns.end(second, complete);
    await turns.settled(key(), "t1");
    await turns.settled(key(), "unknown");
    assert.equal((await turns.live(key()))?.id, "t2");
  },

  "a released turn was never there": async ({ turns, key }) => {
    const first = await won(turns, key(), "t1");
    await turns.release(first);
    assert.equal(await turns.live(key()), undefined);
    assert.equal(await turns.get(key(), "t1"), undefined);
    assert.equal(await turns.read(key(), "t1", 0, 10), undefined);
    assert.equal(await append(turns, first, [textEvent(1)]), "stale");
    assert.equal(await turns.end(first, complete), false);
    const next = await won(turns, key(), "t2");
    await turns.release(first);
    assert.equal(await append(turns, next, [textEvent(1)]), 1, "releasing it again releases no other");
  },

  "releasing frees a session that had turns before": async ({ turns, key }) => {
    const first = await won(turns, key(), "t1");
    await turns.end(first, complete);
    await turns.settled(key(), "t1");
    await turns.release(await won(turns, key(), "t2"));
    assert.equal(await turns.live(key()), undefined);
    assert.equal((await turns.get(key(), "t1"))?.id, "t1");
    await won(turns, key(), "t3");
  },

  "a turn that has ended is not released": async ({ turns, key }) => {
    const first = await won(turns, key(), "t1");
    await turns.end(first, complete);
    await turns.release(first);
    assert.equal((await turns.get(key(), "t1"))?.outcome?.status, "complete");
  },

  "a turn whose lease ran out is to be folded first": timed(async ({ turns, key, beat, advance }) => {
    await won(turns, key(), "t1", 4 * beat);
    await advance(5);
    const result = await turns.claim(key(), newTurn("t2"), { leaseMs: longMs });
    assert.deepEqual(result, { kind: "unsettled", turn: { key: key(), ...newTurn("t1") } });
  }),

  "what waits for folding is listed, oldest first": timed(async ({ turns, key, beat, advance, owner }) => {
    const expired = async () =>
      (await turns.expired(1_000)).filter((turn) => turn.key.owner === owner).map((turn) => turn.id);
    await won(turns, key("a"), "lease-lost", 4 * beat);
    await advance(1);
    const ended = await won(turns, key("b"), "ended");
    await won(turns, key("c"), "alive");
    const settled = await won(turns, key("d"), "settled");
    assert.deepEqual(await expired(), []);
    await turns.end(ended, complete);
    await turns.end(settled, complete);
    await turns.settled(key("d"), "settled");
    assert.deepEqual(await expired(), ["ended"]);
    await advance(4);
    assert.deepEqual(await expired(), ["lease-lost", "ended"]);
    assert.equal((await turns.expired(1)).length, 1, "at most so many");
    const [lost] = await turns.expired(1_000);
    assert.ok(lost);
    const adopted = await turns.adopt(key("a"), "lease-lost", longMs);
    assert.ok(adopted);
    assert.deepEqual(await expired(), ["ended"], "somebody is at it");
    await turns.end(adopted, { status: "interrupted" });
    await turns.settled(key("a"), "lease-lost");
    await turns.settled(key("b"), "ended");
    assert.deepEqual(await expired(), []);
  }),

  "forgetting a session erases its turns, the running one too": async ({ turns, key }) => {
    const first = await won(turns, key("a"), "t1");
    await turns.end(first, complete);
    await turns.settled(key("a"), "t1");
    const running = await won(turns, key("a"), "t2");
    await append(turns, running, [textEvent(1)]);
    const other = await won(turns, key("b"), "t3");
    await append(turns, other, [textEvent(1)]);
    await turns.forget(key("a").owner, "a");
    for (const id of ["t1", "t2"]) {
      assert.equal(await turns.get(key("a"), id), undefined);
      assert.equal(await turns.read(key("a"), id, 0, 10), undefined);
    }
    assert.equal(await turns.live(key("a")), undefined);
    assert.equal(await append(turns, running, [textEvent(2)]), "stale");
    assert.equal(await turns.end(running, complete), false);
    assert.deepEqual(await readAll(turns, key("b"), "t3"), [textEvent(1)], "others stay");
    const next = await won(turns, key("a"), "t4");
    assert.equal(await append(turns, running, [textEvent(2)]), "stale");
    assert.equal(await append(turns, next, [textEvent(1)]), 1);
  },

  "while an owner is sealed none of its sessions is won, on any node": async ({ nodes, key, owner, stranger }) => {
    const [one, two] = nodes;
    const idempotency = { key: "k", kind: "chat", bodyHash: "h" };
    const first = await one.turns.claim(key("a"), newTurn("t1"), { leaseMs: longMs, idempotency });
    assert.ok(first.kind === "won");
    await two.turns.seal(owner, longMs);
    for (const { turns } of nodes) {
      assert.deepEqual(await turns.claim(key("b"), newTurn("t2"), { leaseMs: longMs }), { kind: "erasing" });
      const again = await turns.claim(key("a"), newTurn("t1"), { leaseMs: longMs, idempotency });
      assert.deepEqual(again, { kind: "erasing" }, "a repeat neither");
    }
    assert.equal(await append(one.turns, first.claim, [textEvent(1)]), 1, "what runs goes on");
    assert.equal(await one.turns.end(first.claim, complete), true);
    assert.equal((await one.turns.claim({ owner: stranger, id: "a" }, newTurn("t3"), { leaseMs: longMs })).kind, "won");
    await one.turns.forget(owner, "a");
    assert.equal((await two.turns.claim(key("a"), newTurn("t4"), { leaseMs: longMs })).kind, "erasing");
    await one.turns.forget(owner);
    await won(two.turns, key("a"), "t5");
  },

  "sealing tells which turns of the owner have not settled": async ({ turns, key, owner }) => {
    for (const [session, turn] of [
      ["settled", "t1"],
      ["ended", "t2"],
    ] as const) {
      await turns.end(await won(turns, key(session), turn), complete);
      if (session === "settled") await turns.settled(key(session), turn);
    }
    await turns.release(await won(turns, key("settled"), "t3"));
    await won(turns, key("running"), "t4");
    const running = await turns.seal(owner, longMs);
    const expected = [
      { key: key("ended"), ...newTurn("t2"), outcome: complete },
      { key: key("running"), ...newTurn("t4") },
    ];
    assert.deepEqual(
      running.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      expected,
    );
    assert.deepEqual(await turns.seal(owner, longMs), running, "sealing again says so again");
    await turns.settled(key("ended"), "t2");
    assert.deepEqual(
      (await turns.seal(owner, longMs)).map(({ id }) => id),
      ["t4"],
    );
  },

  "of claims at once with a seal it tells of each that won": async ({ nodes, key, owner }) => {
    const claims = (name: string) =>
      atOnce(10, async (at) =>
        nodes[(at % 2) as 0 | 1].turns.claim(key(`${name}${at}`), newTurn(`${name}${at}`), { leaseMs: longMs }),
      );
    const [before, running, after] = await Promise.all([claims("a"), nodes[0].turns.seal(owner, longMs), claims("b")]);
    const winners = [...before, ...after].flatMap((result) => (result.kind === "won" ? [result.claim.turn] : []));
    assert.deepEqual(running.map(({ id }) => id).toSorted(), winners.toSorted());
  },

  "a seal ends by itself": timed(async ({ turns, key, owner, beat, advance }) => {
    await turns.seal(owner, 2 * beat);
    assert.equal((await turns.claim(key(), newTurn("t1"), { leaseMs: longMs })).kind, "erasing");
    await advance(3);
    await won(turns, key(), "t1");
  }),

  "forgetting an owner erases all turns of it": async ({ turns, key, owner }) => {
    const idempotency = { key: "k", kind: "chat", bodyHash: "h" };
    await turns.claim(key("a"), newTurn("t1"), { leaseMs: longMs, idempotency });
    await won(turns, key("b"), "t2");
    await turns.forget(owner);
    for (const id of ["a", "b"]) assert.equal(await turns.live(key(id)), undefined);
    const again = await turns.claim(key("a"), newTurn("t3"), { leaseMs: longMs, idempotency });
    assert.equal(again.kind, "won", "its idempotency keys too");
  },
});
