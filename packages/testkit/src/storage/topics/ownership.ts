import assert from "node:assert/strict";
import type { Context } from "../topic.ts";
import { topic } from "../topic.ts";
import {
  allMessages,
  answered,
  append,
  complete,
  idsOf,
  longMs,
  newTurn,
  readAll,
  said,
  streaming,
  textEvent,
  wide,
  won,
} from "../samples.ts";

/** Pairs that a careless store takes for one: joined with a separator, folded, trimmed, normalised, matched as a pattern. */
const lookalikes = (prefix: string): readonly (readonly [owner: string, id: string])[] => [
  [`${prefix}a:b`, "c"],
  [`${prefix}a`, "b:c"],
  [`${prefix}a/b`, "c"],
  [`${prefix}a`, "b/c"],
  [`${prefix}a.b`, "c"],
  [`${prefix}a`, "b.c"],
  [`${prefix}{a}`, "c"],
  [`${prefix}a`, "c"],
  [`${prefix}A`, "c"],
  [`${prefix}a`, "C"],
  [`${prefix}a `, "c"],
  [`${prefix}a`, "c "],
  [`${prefix}\u00e9`, "c"],
  [`${prefix}e\u0301`, "c"],
  [`${prefix}%`, "c"],
  [`${prefix}_`, "c"],
  [`${prefix}*`, "c"],
  [`${prefix}?`, "c"],
  [`${prefix}%61`, "c"],
  [`${prefix}YQ`, "c"],
  [`${prefix}1`, "c"],
  [`${prefix}01`, "c"],
  [`${prefix}a`, "__proto__"],
  [`${prefix}a`, "constructor"],
  [`${prefix}'; --`, "c"],
  [`${prefix}\u{1f600}`, "c"],
  [`${prefix}\u{1f601}`, "c"],
];

const two = ({ owner, stranger }: Context) =>
  [
    { owner, id: "session" },
    { owner: stranger, id: "session" },
  ] as const;

export const sessionOwnership = topic("sessions of several owners", ["sessions"], {
  "the same id of two owners is two sessions": async (context) => {
    const { sessions } = context;
    const [mine, theirs] = two(context);
    await sessions.open(mine, { init: { title: "Mine" }, append: [said("m1", "Mine")], window: wide });
    assert.equal(await sessions.get(theirs), undefined);
    assert.equal(await sessions.messages(theirs, { limit: 10 }), undefined);
    assert.equal(await sessions.message(theirs, "m1"), undefined);
    const opened = await sessions.open(theirs, { append: [said("m1", "Theirs")], window: wide });
    assert.deepEqual([opened.created, opened.window], [true, []]);
    assert.deepEqual((await sessions.message(mine, "m1"))?.parts, [{ type: "text", text: "Mine" }]);
    assert.deepEqual((await sessions.message(theirs, "m1"))?.parts, [{ type: "text", text: "Theirs" }]);
    assert.deepEqual(
      [(await sessions.get(mine))?.owner, (await sessions.get(theirs))?.owner],
      [mine.owner, theirs.owner],
    );
  },

  "what one owner does leaves the other's session alone": async (context) => {
    const { sessions } = context;
    const [mine, theirs] = two(context);
    await sessions.open(mine, { append: [said("m1"), streaming("m2", "t1")], window: wide });
    const session = await sessions.get(mine);
    const stored = await allMessages(sessions, mine);
    assert.equal(await sessions.settle(theirs, answered("m2", "t1"), { turn: "t1" }), false);
    assert.equal(await sessions.update(theirs, { title: "Theirs" }), undefined);
    assert.equal(await sessions.clear(theirs), undefined);
    assert.equal(await sessions.delete(theirs), false);
    await sessions.open(theirs, { append: [said("m3")], window: wide });
    await sessions.clear(theirs);
    await sessions.delete(theirs);
    assert.equal(await sessions.deleteOwner(theirs.owner), 0);
    assert.deepEqual(await sessions.get(mine), session);
    assert.deepEqual(await allMessages(sessions, mine), stored);
  },

  "lists and statistics are one owner's": async (context) => {
    const { sessions } = context;
    const [mine, theirs] = two(context);
    await sessions.open(mine, { append: [said("m1")], window: wide });
    await sessions.open(theirs, { append: [said("m1"), said("m2")], window: wide });
    await sessions.create({ owner: theirs.owner, id: "another" }, {});
    assert.deepEqual(idsOf((await sessions.list(mine.owner, { limit: 10 })).items), ["session"]);
    assert.equal((await sessions.list(theirs.owner, { limit: 10 })).items.length, 2);
    const [mineStats, theirStats] = [await sessions.stats(mine.owner), await sessions.stats(theirs.owner)];
    assert.deepEqual([mineStats.sessions, mineStats.messages], [1, 1]);
    assert.deepEqual([theirStats.sessions, theirStats.messages], [2, 2]);
    const { cursor } = await sessions.list(theirs.owner, { limit: 1 });
    const page = await sessions.list(mine.owner, { limit: 10, ...(cursor && { cursor }) });
    assert.ok(
      page.items.every((item) => item.owner === mine.owner),
      "another owner's cursor shows nothing of theirs",
    );
  },

  "owners and ids that look alike stay apart": async ({ sessions, unique }) => {
    const keys = lookalikes(unique("")).map(([owner, id]) => ({ owner, id }));
    for (const [at, key] of keys.entries()) {
      const { created } = await sessions.open(key, { append: [said("m1", `Text ${at}`)], window: wide });
      assert.ok(created, `${key.owner} / ${key.id} is a session of its own`);
    }
    for (const [at, key] of keys.entries()) {
      assert.deepEqual((await sessions.message(key, "m1"))?.parts, [{ type: "text", text: `Text ${at}` }]);
      const session = await sessions.get(key);
      assert.deepEqual([session?.owner, session?.id], [key.owner, key.id]);
      const same = keys.filter(({ owner }) => owner === key.owner).map(({ id }) => id);
      const listed = idsOf((await sessions.list(key.owner, { limit: 100 })).items);
      assert.deepEqual(listed?.toSorted(), same.toSorted(), key.owner);
    }
    const owners = [...new Set(keys.map(({ owner }) => owner))];
    let left = keys.length;
    for (const owner of owners) {
      left -= keys.filter((key) => key.owner === owner).length;
      await sessions.deleteOwner(owner);
      const found = await Promise.all(keys.map(async (key) => sessions.get(key)));
      assert.equal(found.filter(Boolean).length, left, `deleting ${owner} deletes no other`);
    }
  },

  "the longest owner and id work": async ({ sessions, unique }) => {
    const owner = unique("").padEnd(256, "\u00e9");
    const keys = ["x", "y"].map((last) => ({ owner, id: "i".repeat(127) + last }));
    for (const key of keys) await sessions.create(key, { title: key.id });
    for (const key of keys) assert.equal((await sessions.get(key))?.title, key.id);
    assert.equal(await sessions.get({ owner: `${owner.slice(0, 255)}z`, id: keys[0]?.id ?? "" }), undefined);
  },
});

export const turnOwnership = topic("turns of several owners", ["turns"], {
  "the same session id and turn id of two owners are two turns": async (context) => {
    const { turns } = context;
    const [mine, theirs] = two(context);
    const claim = await won(turns, mine, "t1");
    assert.equal(await turns.live(theirs), undefined);
    assert.equal(await turns.get(theirs, "t1"), undefined);
    assert.equal(await turns.read(theirs, "t1", 0, 10), undefined);
    assert.equal(await turns.stop(theirs), undefined);
    assert.equal(await turns.adopt(theirs, "t1", longMs), undefined);
    assert.equal(await append(turns, { ...claim, key: theirs }, [textEvent(1)]), "stale");
    assert.equal(await turns.end({ ...claim, key: theirs }, complete), false);
    assert.deepEqual((await turns.renew([{ ...claim, key: theirs }], longMs))[0]?.held, false);

    const other = await won(turns, theirs, "t1");
    await append(turns, claim, [textEvent(1, "Mine")]);
    await append(turns, other, [textEvent(1, "Theirs")]);
    assert.deepEqual(await readAll(turns, mine, "t1"), [textEvent(1, "Mine")]);
    assert.deepEqual(await readAll(turns, theirs, "t1"), [textEvent(1, "Theirs")]);
    await turns.stop(theirs);
    await turns.end(other, complete);
    await turns.settled(theirs, "t1");
    await turns.forget(theirs.owner);
    assert.deepEqual(await turns.renew([claim], longMs), [{ held: true, stop: false, attended: false }]);
    assert.equal((await turns.live(mine))?.id, "t1");
  },

  "an idempotency key is one owner's": async (context) => {
    const { turns } = context;
    const [mine, theirs] = two(context);
    const request = { leaseMs: longMs, idempotency: { key: "k", kind: "chat", bodyHash: "h" } };
    assert.equal((await turns.claim(mine, newTurn("t1"), request)).kind, "won");
    assert.equal((await turns.claim(theirs, newTurn("t2"), request)).kind, "won");
  },

  "turns of owners and ids that look alike stay apart": async ({ turns, unique }) => {
    const keys = lookalikes(unique("")).map(([owner, id]) => ({ owner, id }));
    const claims = [];
    for (const key of keys) claims.push(await won(turns, key, "t1"));
    for (const [at, claim] of claims.entries()) await append(turns, claim, [textEvent(1, `Text ${at}`)]);
    for (const [at, key] of keys.entries())
      assert.deepEqual(await readAll(turns, key, "t1"), [textEvent(1, `Text ${at}`)]);
    for (const [at, key] of keys.entries()) {
      await turns.forget(key.owner, key.id);
      const live = await Promise.all(keys.map(async (other) => turns.live(other)));
      assert.equal(live.filter(Boolean).length, keys.length - at - 1, `forgetting ${key.owner} / ${key.id}`);
    }
  },
});
