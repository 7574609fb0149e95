import assert from "node:assert/strict";
import { timed, topic } from "../topic.ts";
import { append, atOnce, complete, idsOf, longMs, readAll, textEvent, textEvents, won } from "../samples.ts";

const interrupted = { status: "interrupted" } as const;

export const fencing = topic("fencing", ["turns"], {
  "a turn ends once": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    assert.equal(await turns.end(claim, complete), true);
    assert.equal(await turns.end(claim, interrupted), false);
    assert.deepEqual((await turns.get(key(), "t1"))?.outcome, complete);
    assert.deepEqual(await readAll(turns, key(), "t1"), [{ type: "end", offset: 1, ...complete }]);
  },

  "of many that end it at once one does": async ({ nodes, key }) => {
    const claim = await won(nodes[0].turns, key(), "t1");
    const ended = await atOnce(10, async (at) =>
      nodes[(at % 2) as 0 | 1].turns.end(claim, { status: "complete", generationMs: at }),
    );
    assert.equal(ended.filter(Boolean).length, 1);
    const outcome = { status: "complete", generationMs: ended.indexOf(true) };
    assert.deepEqual((await nodes[1].turns.get(key(), "t1"))?.outcome, outcome);
    assert.deepEqual(await readAll(nodes[1].turns, key(), "t1"), [{ type: "end", offset: 1, ...outcome }]);
  },

  "after the end nothing is written, renewed or adopted": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    await append(turns, claim, [textEvent(1)]);
    await turns.end(claim, complete);
    assert.equal(await append(turns, claim, [textEvent(2)]), "stale");
    assert.equal(await append(turns, claim, [textEvent(3)]), "stale");
    assert.equal((await turns.renew([claim], longMs))[0]?.held, false);
    assert.equal(await turns.adopt(key(), "t1", longMs), undefined);
    assert.equal(await turns.stop(key()), undefined, "nothing runs");
    const events = await readAll(turns, key(), "t1");
    assert.deepEqual(events, [textEvent(1), { type: "end", offset: 2, ...complete }]);
    await turns.settled(key(), "t1");
    assert.equal(await append(turns, claim, [textEvent(2)]), "stale");
    assert.equal(await turns.end(claim, complete), false);
    assert.deepEqual(await readAll(turns, key(), "t1"), events);
  },

  "a claim of another epoch writes nothing": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    for (const epoch of [claim.epoch - 1, claim.epoch + 1, 0]) {
      const other = { ...claim, epoch };
      assert.equal(await append(turns, other, [textEvent(1)]), "stale");
      assert.equal(await turns.end(other, complete), false);
      assert.equal((await turns.renew([other], longMs))[0]?.held, false);
      await turns.release(other);
    }
    assert.deepEqual(await readAll(turns, key(), "t1"), []);
    assert.equal(await append(turns, claim, [textEvent(1)]), 1);
  },

  "a claim of a turn that is unknown writes nothing": async ({ turns, key }) => {
    const claim = { ...(await won(turns, key(), "t1")), turn: "t2" };
    assert.equal(await append(turns, claim, [textEvent(1)]), "stale");
    assert.equal(await turns.end(claim, complete), false);
    assert.equal((await turns.renew([claim], longMs))[0]?.held, false);
    assert.equal(await turns.adopt(key(), "t2", longMs), undefined);
    await turns.attend(key(), "t2", longMs);
    await turns.release(claim);
    assert.equal((await turns.live(key()))?.id, "t1");
  },

  "a stale batch stops no other batch of its flush": async ({ turns, key }) => {
    const claims = [
      await won(turns, key("a"), "t1"),
      await won(turns, key("b"), "t2"),
      await won(turns, key("c"), "t3"),
    ];
    await turns.end(claims[1] ?? assert.fail(), complete);
    const results = await turns.append(claims.map((claim, at) => ({ claim, events: textEvents(1, at + 1) })));
    assert.deepEqual(results, [{ last: 1 }, "stale", { last: 3 }]);
    assert.deepEqual(await readAll(turns, key("c"), "t3"), textEvents(1, 3));
  },

  "two batches of one turn in one flush are written in order": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    const results = await turns.append([
      { claim, events: textEvents(1, 2) },
      { claim, events: textEvents(3, 5) },
    ]);
    assert.deepEqual(results, [{ last: 2 }, { last: 5 }]);
    assert.deepEqual(await readAll(turns, key(), "t1"), textEvents(1, 5));
  },

  "nobody adopts a turn whose writer is alive": async ({ turns, key }) => {
    await won(turns, key(), "t1");
    assert.equal(await turns.adopt(key(), "t1", longMs), undefined);
  },

  "who adopts a turn writes on where it stood, and its old writer writes no more": timed(
    async ({ turns, key, beat, advance }) => {
      const claim = await won(turns, key(), "t1", 4 * beat);
      await append(turns, claim, textEvents(1, 3));
      await advance(5);
      const adopted = await turns.adopt(key(), "t1", longMs);
      assert.ok(adopted);
      assert.deepEqual([adopted.key, adopted.turn], [key(), "t1"]);
      assert.ok(adopted.epoch > claim.epoch, "epochs grow");
      assert.equal(await append(turns, claim, [textEvent(4, "stale")]), "stale");
      assert.equal(await turns.end(claim, complete), false);
      assert.equal((await turns.renew([claim], longMs))[0]?.held, false);
      await turns.release(claim);
      assert.equal(await append(turns, adopted, [textEvent(4)]), 4);
      assert.equal(await turns.end(adopted, interrupted), true);
      const events = [...textEvents(1, 4), { type: "end", offset: 5, ...interrupted }];
      assert.deepEqual(await readAll(turns, key(), "t1"), events);
    },
  ),

  "of many that adopt at once one does, and epochs grow with each": timed(async ({ nodes, key, beat, advance }) => {
    const claim = await won(nodes[0].turns, key(), "t1", 4 * beat);
    let { epoch } = claim;
    for (let round = 0; round < 3; round++) {
      await advance(5);
      const adopted = await atOnce(10, async (at) => nodes[(at % 2) as 0 | 1].turns.adopt(key(), "t1", 4 * beat));
      const [winner, ...others] = adopted.filter((one) => one !== undefined);
      assert.ok(winner && others.length === 0, "one");
      assert.ok(winner.epoch > epoch, "epochs grow");
      epoch = winner.epoch;
    }
  }),

  "an adopted turn occupies the session": timed(async ({ turns, key, beat, advance }) => {
    await won(turns, key(), "t1", 4 * beat);
    await advance(5);
    await turns.adopt(key(), "t1", longMs);
    const result = await turns.claim(key(), { id: "t2", message: "m", model: "x", createdAt: "" }, { leaseMs: longMs });
    assert.equal(result.kind, "busy");
  }),
});

export const leases = topic("leases", ["turns"], {
  "renewing answers per claim, in order": async ({ turns, key }) => {
    const [one, two] = [await won(turns, key("a"), "t1"), await won(turns, key("b"), "t2")];
    await turns.end(one, complete);
    await turns.stop(key("b"));
    const lost = { held: false, stop: false, attended: false };
    const held = { held: true, stop: true, attended: false };
    assert.deepEqual(await turns.renew([one, two, one], longMs), [lost, held, lost]);
    assert.deepEqual(await turns.renew([], longMs), []);
  },

  "a renewed lease holds longer": timed(async ({ turns, key, beat, advance }) => {
    const claim = await won(turns, key(), "t1", 4 * beat);
    for (let round = 0; round < 3; round++) {
      await advance(2);
      assert.deepEqual(await turns.renew([claim], 4 * beat), [{ held: true, stop: false, attended: false }]);
    }
    await advance(2);
    assert.equal(await turns.adopt(key(), "t1", longMs), undefined, "it was renewed two beats ago");
    await advance(3);
    assert.ok(await turns.adopt(key(), "t1", longMs), "and not since");
  }),

  "a lease that is renewed for less runs out sooner": timed(async ({ turns, key, beat, advance, owner }) => {
    const claim = await won(turns, key(), "t1");
    assert.equal((await turns.renew([claim], beat))[0]?.held, true);
    await advance(2);
    const expired = (await turns.expired(100_000)).filter((turn) => turn.key.owner === owner);
    assert.deepEqual(idsOf(expired), ["t1"], "it is found at once");
    assert.ok(await turns.adopt(key(), "t1", longMs));
  }),

  "a turn that ends while its lease is renewed for less is found at once": async ({ turns, key, owner }) => {
    const claim = await won(turns, key(), "t1");
    await Promise.all([turns.renew([claim], longMs / 2), turns.end(claim, complete)]);
    const expired = (await turns.expired(100_000)).filter((turn) => turn.key.owner === owner);
    assert.deepEqual(idsOf(expired), ["t1"]);
  },

  "a writer that comes back before anybody took over goes on": timed(async ({ turns, key, beat, advance }) => {
    const claim = await won(turns, key(), "t1", 4 * beat);
    await advance(5);
    assert.equal(await append(turns, claim, [textEvent(1)]), 1);
    assert.equal((await turns.renew([claim], longMs))[0]?.held, true);
    assert.equal(await turns.adopt(key(), "t1", longMs), undefined);
    assert.equal(await turns.end(claim, complete), true);
  }),

  "a stop is a flag that renewing returns": async ({ nodes: [writer, other], key }) => {
    assert.equal(await other.turns.stop(key()), undefined, "nothing runs");
    const claim = await won(writer.turns, key(), "t1");
    assert.deepEqual(await other.turns.stop(key()), { key: key(), ...(await writer.turns.live(key())) });
    for (let round = 0; round < 2; round++)
      assert.deepEqual(await writer.turns.renew([claim], longMs), [{ held: true, stop: true, attended: false }]);
    assert.equal((await other.turns.stop(key()))?.id, "t1", "stopping twice is stopping");
    await writer.turns.end(claim, interrupted);
    await writer.turns.settled(key(), "t1");
    const next = await won(writer.turns, key(), "t2");
    assert.equal((await writer.turns.renew([next], longMs))[0]?.stop, false, "the next turn runs");
  },

  "attention lasts as long as it is given": timed(async ({ nodes: [writer, reader], key, beat, advance }) => {
    const claim = await won(writer.turns, key(), "t1");
    const attended = async () => (await writer.turns.renew([claim], longMs))[0]?.attended;
    assert.equal(await attended(), false);
    await reader.turns.attend(key(), "t1", 6 * beat);
    await reader.turns.attend(key(), "t1", 2 * beat);
    assert.equal(await attended(), true);
    await advance(4);
    assert.equal(await attended(), true, "another reader's shorter attention does not cut the longer one");
    await advance(3);
    assert.equal(await attended(), false);
  }),
});
