import assert from "node:assert/strict";
import { topic } from "../topic.ts";
import { allMessages, answered, counted, idsOf, refused, said, streaming, wide } from "../samples.ts";

const init = { title: "A title", systemPrompt: "Be brief.", model: "model", metadata: { colour: "blue", deep: [1] } };

export const sessions = topic("sessions", ["sessions"], {
  "a new session has what it was given and starts empty": async ({ sessions, key, owner }) => {
    const session = await sessions.create(key(), init);
    const { createdAt, updatedAt, ...rest } = session;
    assert.deepEqual(rest, {
      ...init,
      owner,
      id: "session",
      favorite: false,
      messageCount: 0,
      turnCount: 0,
      usage: { inputTokens: 0, outputTokens: 0 },
    });
    assert.equal(new Date(createdAt).toISOString(), createdAt, "ISO 8601, UTC");
    assert.equal(new Date(updatedAt).toISOString(), updatedAt, "ISO 8601, UTC");
    assert.ok(updatedAt >= createdAt);
    assert.deepEqual(await sessions.get(key()), session);
    assert.deepEqual(await allMessages(sessions, key()), []);
  },

  "what was not given is absent": async ({ sessions, key }) => {
    const session = await sessions.create(key(), {});
    assert.deepEqual(session.metadata, {});
    for (const field of ["title", "systemPrompt", "model"]) assert.equal(field in session, false, field);
  },

  "creating a session twice is refused and changes nothing": async ({ sessions, key }) => {
    const session = await sessions.create(key(), init);
    await refused(sessions.create(key(), { title: "Another" }), "session_exists");
    assert.deepEqual(await sessions.get(key()), session);
  },

  "a session that is not there is absent everywhere": async ({ sessions, key, owner }) => {
    assert.equal(await sessions.get(key()), undefined);
    assert.equal(await sessions.update(key(), { title: "A title" }), undefined);
    assert.equal(await sessions.messages(key(), { limit: 10 }), undefined);
    assert.equal(await sessions.message(key(), "m1"), undefined);
    assert.equal(await sessions.clear(key()), undefined);
    assert.equal(await sessions.delete(key()), false);
    assert.equal(await sessions.settle(key(), answered("m1", "t1"), { turn: "t1" }), false);
    await refused(sessions.append(key(), [said("m1")]), "session_not_found");
    assert.equal(await sessions.deleteOwner(owner), 0);
    assert.deepEqual((await sessions.list(owner, { limit: 10 })).items, []);
    assert.equal(await sessions.get(key()), undefined, "nothing was made on the way");
  },

  "opening makes the session the first time, and only then uses what it is given for that": async ({
    sessions,
    key,
  }) => {
    const first = await sessions.open(key(), { init, append: [said("m1")], window: wide });
    const second = await sessions.open(key(), { init: { title: "Another" }, append: [], window: wide });
    assert.deepEqual([first.created, second.created], [true, false]);
    assert.equal(first.session.title, init.title);
    assert.equal(second.session.title, init.title);
    assert.deepEqual(await sessions.get(key()), second.session);
    assert.deepEqual(second.appended, []);
  },

  "an update changes what it names, metadata as a whole": async ({ sessions, key }) => {
    const before = await sessions.create(key(), init);
    const after = await sessions.update(key(), { favorite: true, metadata: { size: 2 } });
    assert.ok(after);
    assert.deepEqual(after, { ...before, favorite: true, metadata: { size: 2 }, updatedAt: after.updatedAt });
    assert.ok(after.updatedAt >= before.updatedAt);
    assert.deepEqual(await sessions.get(key()), after);
    const renamed = await sessions.update(key(), { title: "Another", systemPrompt: "Be long.", model: "other" });
    assert.deepEqual(
      [renamed?.title, renamed?.systemPrompt, renamed?.model, renamed?.favorite],
      ["Another", "Be long.", "other", true],
    );
  },

  "updates of different fields at once are all kept": async ({ nodes: [one, two], key }) => {
    await one.sessions.create(key(), { ...init, title: "Before", model: "before" });
    await Promise.all([
      two.sessions.update(key(), { favorite: true }),
      one.sessions.update(key(), { title: "A title" }),
      two.sessions.update(key(), { model: "model" }),
      one.sessions.append(key(), [said("m1")]),
      two.sessions.update(key(), { metadata: { size: 2 } }),
    ]);
    const session = await one.sessions.get(key());
    assert.deepEqual(
      [session?.title, session?.model, session?.favorite, session?.metadata, session?.messageCount],
      ["A title", "model", true, { size: 2 }, 1],
    );
  },

  "clearing removes the messages and keeps the session": async ({ sessions, key }) => {
    await sessions.create(key(), init);
    await sessions.append(key(), [said("m1"), streaming("m2", "t1")]);
    await sessions.settle(key(), answered("m2", "t1", { meta: { usage: { inputTokens: 1, outputTokens: 2 } } }), {
      turn: "t1",
    });
    await sessions.append(key(), [said("m3"), streaming("m4", "t2")]);
    const [, answer, , last] = (await allMessages(sessions, key())).map((message) => message.seq);
    assert.ok(answer && last);
    await sessions.settle(key(), answered("m4", "t2"), { turn: "t2", supersede: { from: answer, to: answer } });

    assert.equal(await sessions.clear(key()), 3, "how many there were, superseded ones left out");
    const session = await sessions.get(key());
    assert.deepEqual([session?.messageCount, session?.turnCount, session?.title], [0, 0, init.title]);
    assert.deepEqual(session?.usage, { inputTokens: 1, outputTokens: 2 }, "what was used stays used");
    assert.deepEqual(await allMessages(sessions, key(), true), []);
    assert.equal(await sessions.message(key(), "m1"), undefined);
    assert.equal(await sessions.clear(key()), 0);

    await sessions.append(key(), [said("m1")]);
    const [again] = await allMessages(sessions, key());
    assert.ok(again && again.seq > last, "seqs go on growing");
    await counted(sessions, key());
  },

  "deleting removes the session and its messages": async ({ sessions, key }) => {
    await sessions.open(key(), { init, append: [said("m1")], window: wide });
    assert.equal(await sessions.delete(key()), true);
    assert.equal(await sessions.delete(key()), false);
    assert.equal(await sessions.get(key()), undefined);
    assert.equal(await sessions.messages(key(), { limit: 10 }), undefined);
    const again = await sessions.open(key(), { append: [said("m2")], window: wide });
    assert.deepEqual([again.created, again.session.messageCount, "title" in again.session], [true, 1, false]);
    assert.deepEqual(idsOf(await allMessages(sessions, key(), true)), ["m2"]);
  },

  "deleting an owner removes all of it": async ({ sessions, key, owner }) => {
    for (const id of ["a", "b", "c"]) await sessions.open(key(id), { append: [said("m1")], window: wide });
    assert.equal(await sessions.deleteOwner(owner), 3);
    assert.deepEqual(await sessions.list(owner, { limit: 10 }), { items: [] });
    for (const id of ["a", "b", "c"]) assert.equal(await sessions.get(key(id)), undefined);
    const { sessions: left, messages } = await sessions.stats(owner);
    assert.deepEqual([left, messages], [0, 0]);
  },

  "statistics follow every change": async ({ sessions, key, owner }) => {
    const stats = async () => {
      const { sessions: count, messages } = await sessions.stats(owner);
      const all = await sessions.stats();
      assert.ok(all.sessions >= count && all.messages >= messages, "of all owners");
      return [count, messages];
    };
    assert.deepEqual(await stats(), [0, 0]);
    await sessions.create(key("a"), {});
    const { appended } = await sessions.open(key("b"), {
      append: [said("m1"), streaming("m2", "t1")],
      window: wide,
    });
    const seq = appended[0]?.seq ?? 0;
    assert.deepEqual(await stats(), [2, 2]);
    await sessions.append(key("b"), [said("m1"), said("m3")]);
    assert.deepEqual(await stats(), [2, 3]);
    await sessions.settle(key("b"), answered("m2", "t1"), { turn: "t1", supersede: { from: seq, to: seq } });
    assert.deepEqual(await stats(), [2, 2]);
    await sessions.clear(key("b"));
    assert.deepEqual(await stats(), [2, 0]);
    await sessions.delete(key("a"));
    assert.deepEqual(await stats(), [1, 0]);
  },
});
