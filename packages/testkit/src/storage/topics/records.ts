import assert from "node:assert/strict";
import { timed, topic } from "../topic.ts";
import { atOnce, longMs, times } from "../samples.ts";

export const records = topic("records", ["records"], {
  "a record is there once it was put": async ({ records, unique }) => {
    const kind = unique("kind");
    assert.equal(await records.get(kind, "a"), undefined);
    await records.put(kind, "a", "1");
    assert.equal(await records.get(kind, "a"), "1");
    await records.put(kind, "a", "2");
    assert.equal(await records.get(kind, "a"), "2");
    assert.equal(await records.delete(kind, "a"), true);
    assert.equal(await records.delete(kind, "a"), false);
    assert.equal(await records.get(kind, "a"), undefined);
  },

  "putIfAbsent leaves what is there": async ({ records, unique }) => {
    const kind = unique("kind");
    assert.equal(await records.putIfAbsent(kind, "a", "1"), true);
    assert.equal(await records.putIfAbsent(kind, "a", "2"), false);
    assert.equal(await records.get(kind, "a"), "1");
    await records.delete(kind, "a");
    assert.equal(await records.putIfAbsent(kind, "a", "3"), true);
  },

  "of many that put it first at once one does": async ({ nodes, unique }) => {
    const kind = unique("kind");
    const first = await atOnce(20, async (at) => nodes[(at % 2) as 0 | 1].records.putIfAbsent(kind, "a", `${at}`));
    assert.equal(first.filter(Boolean).length, 1);
    assert.equal(await nodes[1].records.get(kind, "a"), `${first.indexOf(true)}`);
  },

  "of many that delete it at once one does": async ({ nodes, unique }) => {
    const kind = unique("kind");
    await nodes[0].records.put(kind, "a", "1");
    const deleted = await atOnce(10, async (at) => nodes[(at % 2) as 0 | 1].records.delete(kind, "a"));
    assert.equal(deleted.filter(Boolean).length, 1);
  },

  "a list goes by id, in pages": async ({ records, unique }) => {
    const kind = unique("kind");
    assert.deepEqual(await records.list(kind, { limit: 10 }), []);
    const ids = times(12, (at) => `id-${String((at * 7) % 12).padStart(2, "0")}`);
    for (const id of ids) await records.put(kind, id, `value of ${id}`);
    await records.put(unique("kind"), "id-05", "another kind");
    const all = ids.toSorted().map((id) => ({ id, value: `value of ${id}` }));
    assert.deepEqual(await records.list(kind, { limit: 100 }), all);
    for (const limit of [1, 5, 12]) {
      const listed = [];
      for (let pages = 0; pages <= 12 / limit; pages++) {
        const after = listed.at(-1)?.id;
        const page = await records.list(kind, { limit, ...(after !== undefined && { after }) });
        assert.ok(page.length <= limit);
        listed.push(...page);
      }
      assert.deepEqual(listed, all);
    }
    await records.delete(kind, "id-03");
    assert.deepEqual(await records.list(kind, { limit: 1, after: "id-03" }), [all[4]], "after one that is gone");
  },

  "kinds and ids that look alike stay apart": async ({ records, unique }) => {
    const kind = unique("kind");
    const pairs = [
      [`${kind}:a`, "b"],
      [kind, "a:b"],
      [`${kind}/a`, "b"],
      [kind, "a/b"],
      [kind, "A:B"],
      [kind, "a:b "],
      [kind, "%"],
      [kind, "_"],
      [kind, "*"],
      [kind, "__proto__"],
      [kind, "\u00e9"],
      [kind, "e\u0301"],
      [kind, "\u{1f600}"],
      [kind, "'\"\\\n"],
    ] as const;
    for (const [at, [one, id]] of pairs.entries()) assert.equal(await records.putIfAbsent(one, id, `${at}`), true, id);
    for (const [at, [one, id]] of pairs.entries()) assert.equal(await records.get(one, id), `${at}`);
    const ids = pairs.flatMap(([one, id]) => (one === kind ? [id] : []));
    const listed = await records.list(kind, { limit: 100 });
    assert.deepEqual(listed.map(({ id }) => id).toSorted(), ids.toSorted());
  },

  "a record with a time to live goes": timed(async ({ records, unique, beat, advance }) => {
    const kind = unique("kind");
    await records.put(kind, "short", "1", 2 * beat);
    await records.put(kind, "long", "1", 6 * beat);
    await records.put(kind, "for ever", "1");
    assert.equal(await records.putIfAbsent(kind, "first", "1", 2 * beat), true);
    assert.equal(await records.putIfAbsent(kind, "first", "2", longMs), false);
    assert.equal(await records.get(kind, "short"), "1");
    await advance(4);
    assert.equal(await records.get(kind, "short"), undefined);
    assert.equal(await records.delete(kind, "short"), false);
    assert.deepEqual(await records.list(kind, { limit: 10 }), [
      { id: "for ever", value: "1" },
      { id: "long", value: "1" },
    ]);
    assert.equal(await records.putIfAbsent(kind, "first", "2"), true, "it was free again");
  }),

  "a record that was deleted and put again lasts its own time": timed(async ({ records, unique, beat, advance }) => {
    const kind = unique("kind");
    await records.put(kind, "a", "1", 2 * beat);
    await records.delete(kind, "a");
    await records.put(kind, "a", "2");
    await advance(4);
    assert.equal(await records.get(kind, "a"), "2");
  }),

  "putting sets the time to live anew": timed(async ({ records, unique, beat, advance }) => {
    const kind = unique("kind");
    for (const id of ["longer", "for ever"]) await records.put(kind, id, "1", 2 * beat);
    await records.put(kind, "shorter", "1");
    await records.put(kind, "longer", "2", 8 * beat);
    await records.put(kind, "for ever", "2");
    await records.put(kind, "shorter", "2", 2 * beat);
    await advance(4);
    assert.deepEqual(
      [await records.get(kind, "longer"), await records.get(kind, "for ever"), await records.get(kind, "shorter")],
      ["2", "2", undefined],
    );
  }),
});
