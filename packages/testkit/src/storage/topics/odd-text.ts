import assert from "node:assert/strict";
import type { Json } from "@parlor/core";
import { topic } from "../topic.ts";
import { answered, append, longMs, newTurn, readAll, said, same, streaming, times, wide } from "../samples.ts";

/** Text that some store, driver or encoding cannot take as it is. */
const odd: Readonly<Record<string, string>> = {
  empty: "",
  "a space": " ",
  NUL: "a\0b\0",
  "lone surrogates": "\ud800 and \udc00, \udfff\ud800",
  "half an emoji at the end": "half \ud83d",
  emoji: "\u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u{1f3f3}\ufe0f\u200d\u{1f308} \u{10ffff}",
  "line separators": "a\u2028b\u2029c\u0085d\r\n\re\n",
  "control characters": times(32, (at) => String.fromCharCode(at)).join("") + "\u007f\u009f",
  "not characters": "\ufeff\ufffe\uffff\ufffd",
  "what looks like an escape": "\\u0000 \\ud800 \\\\ \\x00 %00 &#0; $1 ${x}",
  quotes: `'"\`; DROP TABLE sessions; -- /* */`,
  JSON: '{"a":[1,null],"__proto__":{}}',
  "right to left": "\u202eabc\u05d0\u0627",
  "the same letter twice": "\u00e9 e\u0301",
  "names of a prototype": "__proto__",
  "a megabyte": "0123456789abc\0\u00e9\u{1f600}".repeat(61_681),
};

const names = Object.keys(odd);
const textOf = (name: string) => odd[name] ?? assert.fail();

/** JSON that survives parsing but not every copy. */
const json: Json = JSON.parse(
  String.raw`{"__proto__":{"x":1},"constructor":"c","":"empty","a\u0000b":"\u0000","\ud800":[0.1,1e21,-5,9007199254740991,null,true,[],{}]}`,
);

const identifiers = ["\u{1f600}", "a b", "a/b?c#d", "%00", "'\"\\`", "a\nb", "\u00e9", "e\u0301", "0", "__proto__"];

export const oddMessages = topic("odd text in sessions", ["sessions"], {
  "messages keep their text": async ({ sessions, key }) => {
    const given = names.map((name) =>
      said(name, textOf(name), {
        parts: [
          { type: "text", text: textOf(name) },
          { type: "reasoning", text: textOf(name), meta: { provider: { signature: textOf(name) } } },
        ],
      }),
    );
    const { appended } = await sessions.open(key(), { append: given, window: wide });
    for (const [at, name] of names.entries()) {
      same(appended[at]?.parts, given[at]?.parts, name);
      same((await sessions.message(key(), name))?.parts, given[at]?.parts, name);
    }
    const { window } = await sessions.open(key(), { append: [], window: wide });
    const textual = given.filter((message) => message.id !== "empty");
    same(
      window.map((message) => message.parts),
      textual.map((message) => message.parts),
      "the window",
    );
  },

  "an answer keeps its text when it settles": async ({ sessions, key }) => {
    await sessions.create(key(), {});
    for (const name of names) {
      await sessions.append(key(), [streaming(name, "t1")]);
      const final = answered(name, "t1", { parts: [{ type: "text", text: textOf(name) }] });
      assert.equal(await sessions.settle(key(), final, { turn: "t1" }), true, name);
      same((await sessions.message(key(), name))?.parts, final.parts, name);
    }
  },

  "titles, system prompts, models and metadata keep theirs": async ({ sessions, key }) => {
    for (const [at, name] of names.entries()) {
      const text = textOf(name);
      const fields = { title: text, systemPrompt: text, model: text, metadata: { [text.slice(0, 100)]: text, json } };
      const created = await sessions.create(key(`s${at}`), fields);
      const updated = await sessions.update(key(`s${at}`), fields);
      for (const session of [created, updated, await sessions.get(key(`s${at}`))])
        same(
          [session?.title, session?.systemPrompt, session?.model, session?.metadata],
          [text, text, text, fields.metadata],
          name,
        );
    }
  },

  "what a model and its tools say keeps every key and number": async ({ sessions, key }) => {
    const parts = [
      { type: "tool-call", id: "c", name: "n", input: json },
      { type: "tool-result", id: "c", output: json },
      { type: "tool-result", id: "d", output: "\ud800\0" },
    ] as const;
    await sessions.open(key(), { append: [said("m1", "", { parts, meta: { provider: { p: json } } })], window: wide });
    const stored = await sessions.message(key(), "m1");
    assert.deepEqual(stored?.parts, parts);
    assert.deepEqual(stored?.meta, { provider: { p: json } });
  },

  "ids that a client chose are kept": async ({ sessions, key, owner }) => {
    for (const id of identifiers) {
      await sessions.open(key(id), { append: identifiers.map((message) => said(message)), window: wide });
      for (const message of identifiers) assert.equal((await sessions.message(key(id), message))?.id, message);
    }
    let cursor: string | undefined;
    const listed: string[] = [];
    for (let pages = 0; pages < identifiers.length; pages++) {
      const page = await sessions.list(owner, { limit: 1, ...(cursor !== undefined && { cursor }) });
      listed.push(...page.items.map((item) => item.id));
      cursor = page.cursor;
    }
    assert.deepEqual(listed.toSorted(), identifiers.toSorted(), "a cursor stands on any id");
    assert.equal(cursor, undefined);
  },
});

export const oddTurns = topic("odd text in turns", ["turns"], {
  "events keep their text": async ({ turns, key }) => {
    const won = await turns.claim(key(), newTurn("t1"), { leaseMs: longMs });
    assert.ok(won.kind === "won");
    const events = names.map((name, at) => ({ type: "text", offset: at + 1, index: at, text: textOf(name) }) as const);
    await append(turns, won.claim, events);
    const offset = events.length + 1;
    const call = { type: "tool-call", offset, id: "c", name: "n", input: json, meta: { p: json } } as const;
    await append(turns, won.claim, [call]);
    const stored = await readAll(turns, key(), "t1");
    for (const [at, name] of names.entries()) same(stored[at], events[at], name);
    assert.deepEqual(stored[names.length], call);
  },

  "a character split over two events comes back whole": async ({ turns, key }) => {
    const won = await turns.claim(key(), newTurn("t1"), { leaseMs: longMs });
    assert.ok(won.kind === "won");
    const halves = ["\ud83d", "\ude00"];
    for (const [at, text] of halves.entries())
      await append(turns, won.claim, [{ type: "text", offset: at + 1, index: at, text }]);
    const stored = await readAll(turns, key(), "t1");
    assert.equal(stored.map((event) => (event.type === "text" ? event.text : "")).join(""), "\u{1f600}");
  },

  "turn, message and model names and a failure's detail are kept": async ({ turns, key }) => {
    for (const [at, id] of identifiers.entries()) {
      const turn = { id, message: id, model: id, createdAt: "2026-01-01T00:00:00.000Z" };
      const won = await turns.claim(key(`s${at}`), turn, { leaseMs: longMs });
      assert.ok(won.kind === "won");
      const outcome = { status: "failed", error: { code: "internal", detail: textOf(names[at] ?? "NUL") } } as const;
      await turns.end(won.claim, outcome);
      same(await turns.get(key(`s${at}`), id), { key: key(`s${at}`), ...turn, outcome }, id);
    }
  },
});

export const oddRecords = topic("odd text in records", ["records"], {
  "records keep their text": async ({ records, unique }) => {
    const kind = unique("kind");
    for (const name of names) {
      await records.put(kind, name, textOf(name));
      same(await records.get(kind, name), textOf(name), name);
    }
    const listed = await records.list(kind, { limit: 100 });
    same(new Map(listed.map(({ id, value }) => [id, value])), new Map(Object.entries(odd)), "the list");
  },
});
