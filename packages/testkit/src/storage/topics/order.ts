import assert from "node:assert/strict";
import type { Session, SessionStore } from "@parlor/core";
import { bounded, timed, topic } from "../topic.ts";
import { allMessages, atOnce, idsOf, refused, said, streaming, answered, times, wide } from "../samples.ts";

/** Every page of a list; between two pages `meanwhile` runs. */
async function chain(
  sessions: SessionStore,
  owner: string,
  limit: number,
  meanwhile: (page: readonly Session[]) => Promise<unknown> = async () => undefined,
): Promise<Session[]> {
  const shown: Session[] = [];
  for (let cursor: string | undefined, pages = 0; ;) {
    const page = await sessions.list(owner, { limit, ...(cursor !== undefined && { cursor }) });
    assert.ok(page.items.length <= limit, "a page has at most its limit");
    shown.push(...page.items);
    if (page.cursor === undefined) return shown;
    assert.equal(page.items.length, limit, "only the last page is short");
    assert.ok(++pages < 1_000, "the chain ends");
    cursor = page.cursor;
    await meanwhile(page.items);
  }
}

/** Newest first, ties by id. */
function inOrder(items: readonly Session[]): void {
  for (const [at, item] of items.entries()) {
    const next = items[at + 1];
    if (!next) return;
    const right = item.updatedAt > next.updatedAt || (item.updatedAt === next.updatedAt && item.id > next.id);
    assert.ok(right, `${item.updatedAt} ${item.id} before ${next.updatedAt} ${next.id}`);
  }
}

const names = (count: number) => times(count, (at) => `s${String(at).padStart(3, "0")}`);

export const order = topic("lists", ["sessions"], {
  "an owner without sessions has an empty list": async ({ sessions, owner }) => {
    assert.deepEqual(await sessions.list(owner, { limit: 10 }), { items: [] });
  },

  "a list holds the sessions as they are, newest first": async ({ sessions, owner, key }) => {
    for (const id of names(7))
      await sessions.open(key(id), { init: { title: id }, append: [said("m1")], window: wide });
    const { items, cursor } = await sessions.list(owner, { limit: 10 });
    assert.equal(cursor, undefined);
    inOrder(items);
    assert.deepEqual(idsOf(items)?.toSorted(), names(7));
    for (const item of items) assert.deepEqual(item, await sessions.get(key(item.id)));
  },

  "pages of every size show everything once, in order": async ({ sessions, owner, key }) => {
    for (const id of names(12)) await sessions.create(key(id), {});
    const all = (await sessions.list(owner, { limit: 100 })).items;
    for (const limit of [1, 3, 4, 6, 11, 12, 13])
      assert.deepEqual(await chain(sessions, owner, limit), all, `${limit}`);
  },

  "sessions of the same time are ordered by id and paged without loss": async ({ nodes, owner, key }) => {
    await atOnce(40, async (at) => nodes[(at % 2) as 0 | 1].sessions.create(key(names(40)[at]), {}));
    const shown = await chain(nodes[0].sessions, owner, 7);
    assert.equal(shown.length, 40);
    inOrder(shown);
    assert.deepEqual(idsOf(shown)?.toSorted(), names(40));
  },

  "an offset skips": async ({ sessions, owner, key }) => {
    for (const id of names(6)) await sessions.create(key(id), {});
    const all = (await sessions.list(owner, { limit: 10 })).items;
    const page = await sessions.list(owner, { limit: 2, offset: 3 });
    assert.deepEqual(page.items, all.slice(3, 5));
    assert.ok(page.cursor);
    assert.deepEqual(await sessions.list(owner, { limit: 2, cursor: page.cursor }), { items: all.slice(5) });
    assert.deepEqual(await sessions.list(owner, { limit: 2, offset: 6 }), { items: [] });
    assert.deepEqual(await sessions.list(owner, { limit: 2, offset: 1_000 }), { items: [] });
  },

  "what touches a session moves it to the front": timed(async ({ sessions, owner, key, advance }) => {
    const first = async () => (await sessions.list(owner, { limit: 1 })).items[0]?.id;
    for (const id of ["a", "b", "c"]) {
      await sessions.create(key(id), {});
      await advance(1);
    }
    assert.equal(await first(), "c");
    const touches: Record<string, (id: string) => Promise<unknown>> = {
      open: (id) => sessions.open(key(id), { append: [said("m1")], window: wide }),
      append: (id) => sessions.append(key(id), [streaming("m2", "t1")]),
      settle: (id) => sessions.settle(key(id), answered("m2", "t1"), { turn: "t1" }),
      update: (id) => sessions.update(key(id), { favorite: true }),
      clear: (id) => sessions.clear(key(id)),
    };
    for (const [name, touch] of Object.entries(touches)) {
      for (const id of ["a", "b"]) {
        const before = await sessions.get(key(id));
        await touch(id);
        const after = await sessions.get(key(id));
        assert.ok(before && after && after.updatedAt > before.updatedAt, `${name} sets updatedAt`);
        assert.equal(after.createdAt, before.createdAt);
        assert.equal(await first(), id, name);
        await advance(1);
      }
    }
    const list = (await sessions.list(owner, { limit: 10 })).items;
    for (const id of ["a", "c"]) {
      await sessions.get(key(id));
      await sessions.messages(key(id), { limit: 1 });
      await sessions.open(key(id), { append: [], window: wide });
      await sessions.append(key(id), []);
      await advance(1);
    }
    assert.deepEqual((await sessions.list(owner, { limit: 10 })).items, list, "reading moves nothing");
  }),

  "a chain shows nothing twice and misses nothing untouched while sessions are touched": async ({
    sessions,
    owner,
    key,
    advance,
  }) => {
    for (const id of names(20)) await sessions.create(key(id), {});
    const touched = new Set<string>();
    const touch = async (id: string) => {
      touched.add(id);
      await sessions.append(key(id), [said(`m${touched.size}`)]);
    };
    const shown = await chain(sessions, owner, 3, async (page) => {
      await advance(1);
      // The one the cursor stands on, one shown earlier, and one that may still come.
      await touch(page.at(-1)?.id ?? "");
      await touch(page[0]?.id ?? "");
      await touch(names(20)[touched.size] ?? "s000");
    });
    const ids = idsOf(shown) ?? [];
    assert.equal(new Set(ids).size, ids.length, "nothing twice");
    for (const id of names(20)) assert.ok(ids.includes(id) || touched.has(id), `${id} was not touched, so it is shown`);
  },

  "a chain goes on when sessions come and go": async ({ sessions, owner, key, advance }) => {
    for (const id of names(15)) await sessions.create(key(id), {});
    const gone = new Set<string>();
    let made = 0;
    const shown = await chain(sessions, owner, 2, async (page) => {
      await advance(1);
      const last = page.at(-1)?.id ?? "";
      gone.add(last);
      await sessions.delete(key(last));
      await sessions.create(key(`new${made++}`), {});
    });
    const ids = idsOf(shown)?.filter((id) => !id.startsWith("new")) ?? [];
    assert.deepEqual(ids.toSorted(), names(15), "those that were there, each once");
  },

  "a cursor that no list gave out is refused": async ({ sessions, owner, key }) => {
    await sessions.create(key(), {});
    for (const cursor of ["", "nonsense", "-1", ".session", "\u0000", "{}", "' OR 1=1 --"])
      await refused(sessions.list(owner, { limit: 1, cursor }), "invalid_request");
  },

  "messages are paged backwards by seq": async ({ sessions, key }) => {
    await sessions.create(key(), {});
    await sessions.append(
      key(),
      names(10).map((id) => said(id)),
    );
    const all = await allMessages(sessions, key());
    const seq = (at: number) => all[at]?.seq ?? 0;
    const page = async (limit: number, before?: number) =>
      sessions.messages(key(), { limit, ...(before !== undefined && { before }) });
    assert.deepEqual(await page(3), all.slice(7), "the last ones, oldest first");
    assert.deepEqual(await page(3, seq(7)), all.slice(4, 7));
    assert.deepEqual(await page(100, seq(2)), all.slice(0, 2));
    assert.deepEqual(await page(3, seq(0)), []);
    assert.deepEqual(await page(3, seq(9) + 1_000), all.slice(7));
  },

  "a page is filled with messages that stand": async ({ sessions, key }) => {
    const ids = [...names(6), "gone-1", "gone-2", "gone-3"];
    await sessions.create(key(), {});
    await sessions.append(key(), [...ids.map((id) => said(id)), streaming("answer", "t1")]);
    const all = await allMessages(sessions, key());
    const [from, to] = [all[6]?.seq ?? 0, all[8]?.seq ?? 0];
    await sessions.settle(key(), answered("answer", "t1"), { turn: "t1", supersede: { from, to } });
    assert.deepEqual(idsOf(await sessions.messages(key(), { limit: 3 })), ["s004", "s005", "answer"]);
    const withSuperseded = await sessions.messages(key(), { limit: 3, superseded: true });
    assert.deepEqual(idsOf(withSuperseded), ["gone-2", "gone-3", "answer"]);
  },
});

export const bounds = topic("bounds", ["sessions"], {
  "an owner with as many sessions as allowed gets no more": bounded(
    { maxSessionsPerOwner: 2 },
    async ({ sessions, key, stranger, owner }) => {
      await sessions.create(key("a"), {});
      await sessions.open(key("b"), { append: [], window: wide });
      await refused(sessions.create(key("c"), {}), "sessions_full");
      await refused(sessions.open(key("c"), { append: [said("m1")], window: wide }), "sessions_full");
      assert.equal(await sessions.get(key("c")), undefined);
      assert.equal((await sessions.stats(owner)).maxSessions, 2);
      await sessions.append(key("a"), [said("m1")]);
      await sessions.open(key("b"), { append: [said("m1")], window: wide });
      await sessions.create({ owner: stranger, id: "c" }, {});
      await sessions.delete(key("a"));
      await sessions.create(key("c"), {});
    },
  ),

  "many that start sessions at once get no more than are allowed": bounded(
    { maxSessionsPerOwner: 3 },
    async ({ nodes, key, owner }) => {
      const made = await Promise.allSettled(
        times(12, async (at) => nodes[(at % 2) as 0 | 1].sessions.create(key(`s${at}`), {})),
      );
      assert.equal(made.filter(({ status }) => status === "fulfilled").length, 3);
      assert.equal((await nodes[0].sessions.stats(owner)).sessions, 3);
    },
  ),

  "of a full session the oldest messages go": bounded(
    { maxMessagesPerSession: 4 },
    async ({ sessions, key, owner }) => {
      await sessions.create(key(), {});
      for (const id of names(6)) await sessions.append(key(), [said(id)]);
      const stored = await allMessages(sessions, key(), true);
      assert.deepEqual(idsOf(stored), names(6).slice(2));
      assert.equal(await sessions.message(key(), "s000"), undefined);
      const session = await sessions.get(key());
      assert.deepEqual([session?.messageCount, session?.turnCount], [4, 4]);
      assert.equal((await sessions.stats(owner)).messages, 4);
      const { window } = await sessions.open(key(), { append: [said("x"), said("y")], window: wide });
      assert.deepEqual(idsOf(window), ["s004", "s005"]);
    },
  ),

  "a session that nobody writes to for its time goes, and one that is being answered stays": bounded(
    { ttlBeats: 6 },
    async ({ sessions, key, owner, beat, advance }) => {
      await sessions.open(key("left"), { append: [said("m1")], window: wide });
      await sessions.open(key("written"), { append: [said("m1")], window: wide });
      await sessions.open(key("answered"), { append: [said("m1"), streaming("a1", "t1")], window: wide });
      await advance(4);
      await sessions.append(key("written"), [said("m2")]);
      await advance(3);
      // Some hide what has run out, others show it until they have removed it.
      for (let waited = 0; (await sessions.get(key("left"))) && waited < 4; waited++) await advance(0.5);
      assert.equal(await sessions.get(key("left")), undefined);
      assert.equal(await sessions.messages(key("left"), { limit: 10 }), undefined);
      assert.deepEqual(idsOf((await sessions.list(owner, { limit: 10 })).items)?.toSorted(), ["answered", "written"]);
      assert.equal((await sessions.stats(owner)).ttlMs, 6 * beat);
      const again = await sessions.open(key("left"), { append: [said("m1")], window: wide });
      assert.deepEqual([again.created, again.window, again.session.messageCount], [true, [], 1]);
    },
  ),
});
