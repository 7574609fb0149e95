import { StringDecoder } from "node:string_decoder";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Events } from "../src/events.ts";
import { PlainDelta } from "../src/plain-delta.ts";

const never = { match: () => undefined, learn() {} };

/** Every event, one a token, and how it ended. */
function run(pieces: readonly string[], plain: Pick<PlainDelta, "match" | "learn">): unknown {
  const events = new Events("x", false, undefined, plain);
  const all: unknown[] = [];
  for (const piece of pieces) if (!events.done) all.push(...events.feed(piece));
  if (!events.done) all.push(...events.end());
  return { all, code: events.failure?.code };
}

const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 6 }) },
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 4 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", minLength: 10, maxLength: 30 }) },
  fc.constantFrom(
    '"',
    "\\",
    "\\n",
    "\n",
    "\t",
    "\u2028",
    "\u0000",
    "\ud800",
    '","content":"x',
    "<think>",
    "</think>",
    "😀",
  ),
);

const deltas: fc.Arbitrary<unknown>[] = [
  fc.record({ content: text }),
  fc.record({ content: text }),
  fc.record({ role: fc.constant("assistant"), content: text }),
  fc.record({ reasoning_content: text }),
  fc.record({ content: fc.constant(null), reasoning: text }),
  fc.record({ content: fc.constantFrom("a", "b") }),
  fc.record({ content: text, reasoning: fc.constantFrom("a", "b") }),
  fc.record({ content: text, refusal: text }),
  fc.record({ content: text, reasoning_details: fc.constant([{ text: "a" }]) }),
  fc.record({
    content: text,
    tool_calls: fc.constant([{ index: 0, id: "a", function: { name: "f", arguments: "{}" } }]),
  }),
  fc.constantFrom({}, null, { content: 5 }, { content: "" }),
];

/** What providers put around it; the same for most chunks of a stream. */
const wild = fc.record(
  {
    id: fc.constantFrom("c1", '"content":"id"', 'x\\","content":"'),
    created: fc.constantFrom(1, 2),
    index: fc.constantFrom(undefined, 0, 1),
    finish_reason: fc.constantFrom(null, null, null, null, "", "stop"),
    logprobs: fc.constantFrom(undefined, null, { content: [{ token: "t", logprob: -1 }] }),
    usage: fc.constantFrom(undefined, null, { prompt_tokens: 1, completion_tokens: 2 }),
    obfuscation: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
    error: fc.constantFrom(undefined, undefined, undefined, undefined, { code: 500 }),
    base_resp: fc.constantFrom(undefined, undefined, undefined, { status_code: 0 }),
  },
  { requiredKeys: [] },
);

const calm = fc.record(
  {
    id: fc.constantFrom("c1", "c2"),
    finish_reason: fc.constant(null),
    obfuscation: fc.constantFrom(undefined, "", "abc"),
  },
  { requiredKeys: [] },
);
const frame = fc.oneof({ weight: 3, arbitrary: calm }, wild);

type Writer = (chunk: unknown, extra: string) => string;
const plainly: Writer = (chunk) => JSON.stringify(chunk);
const writers: Writer[] = [
  plainly,
  (chunk) => JSON.stringify(chunk, null, 1).replaceAll("\n", ""),
  (chunk) =>
    plainly(chunk, "").replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  // The same key twice: the last one counts.
  (chunk, extra) => plainly(chunk, "").replace('"delta":{', `"delta":{"content":${JSON.stringify(extra)},`),
];
const faults: Writer[] = [
  (chunk) => plainly(chunk, "").slice(0, -1),
  (chunk, extra) => plainly(chunk, "") + extra,
  (chunk) => plainly(chunk, "").replace('"content":"', '"content":"\t'),
  (chunk) => plainly(chunk, "").replace('"obfuscation":"', '"obfuscation":"\t'),
];
const faulty = fc.oneof({ weight: 80, arbitrary: fc.constant(undefined) }, fc.constantFrom(...faults));

type Frame = { readonly [key: string]: unknown };
function toChunk(
  { index, finish_reason, logprobs, obfuscation, ...rest }: Frame,
  delta: unknown,
  padding: string,
): unknown {
  const last = obfuscation === undefined ? {} : { obfuscation: padding };
  return { ...rest, choices: [{ index, delta, logprobs, finish_reason }], ...last };
}

/** Chunks that differ in their text alone, as real ones do, with a few of another kind between. */
const chunks = fc
  .tuple(frame, fc.constantFrom(...writers), fc.constantFrom(...deltas))
  .chain(([around, write, usual]) => {
    const delta = fc.oneof({ weight: 9, arbitrary: usual }, ...deltas);
    const extra = fc.oneof(fc.constantFrom("a", "b"), fc.string({ maxLength: 4 }));
    const one = fc
      .tuple(delta, faulty, extra)
      .map(([said, fault, more]) => (fault ?? write)(toChunk(around, said, more), more));
    return fc.array(one, { minLength: 4, maxLength: 30, size: "max" });
  });
const stream = fc.array(chunks, { minLength: 1, maxLength: 3 }).map((runs) => runs.flat());

describe("the short way for plain chunks", () => {
  it("gives what parsing gives, whatever comes, however it is cut", () => {
    let matched = 0;
    const property = fc.property(
      stream,
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.nat(4000), { maxLength: 6 }),
      fc.option(fc.tuple(fc.nat(4000), fc.nat(255)), { nil: undefined, freq: 8 }),
      (all, lineEnd, cuts, fault) => {
        const bytes = Buffer.from(all.map((chunk) => `data: ${chunk}${lineEnd}${lineEnd}`).join(""));
        if (fault !== undefined && fault[0] < bytes.length) bytes[fault[0]] = fault[1];
        const decoder = new StringDecoder("utf8");
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b)];
        const pieces = at.map((from, index) => decoder.write(bytes.subarray(from, at[index + 1])));
        const short = new PlainDelta();
        const counting = {
          learn: short.learn.bind(short),
          match: (data: string) => {
            const plain = short.match(data);
            if (plain !== undefined) matched++;
            return plain;
          },
        };
        expect(run(pieces, counting)).toEqual(run(pieces, never));
      },
    );
    fc.assert(property, { numRuns: 2000 });
    expect(matched).toBeGreaterThan(1000);
  });

  const of = (content: string, more: object = {}): string =>
    JSON.stringify({ id: "c", choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more });
  const learnt = (data: string): PlainDelta => {
    const plain = new PlainDelta();
    plain.learn(data, JSON.parse(data));
    return plain;
  };

  it("is taken for a chunk that differs in its text, and its padding", () => {
    expect(learnt(of("a")).match(of("other"))).toEqual({ field: "content", text: "other" });
    expect(learnt(of("a", { obfuscation: "x" })).match(of("other", { obfuscation: "yz" }))?.text).toBe("other");
  });

  it("is not taken for an escape, or for anything else that differs", () => {
    const plain = learnt(of("a"));
    expect(plain.match(of("\n"))).toBeUndefined();
    expect(plain.match(of("b", { usage: null }))).toBeUndefined();
    expect(plain.match(of("b").slice(0, -1))).toBeUndefined();
    expect(plain.match(of("a").replace('"a"', '"\t"'))).toBeUndefined();
  });

  it("is not learnt from a chunk that says more than one thing", () => {
    expect(
      learnt(of("a", { usage: { prompt_tokens: 1 } })).match(of("b", { usage: { prompt_tokens: 1 } })),
    ).toBeUndefined();
    const twice = '{"choices":[{"delta":{"content":"a","content":"a"}}]}';
    expect(learnt(twice).match(twice)).toBeUndefined();
  });

  it("stops learning from streams where nothing is ever the same", () => {
    const plain = new PlainDelta();
    for (let created = 0; created < 100; created++) {
      const data = of("a", { created });
      plain.learn(data, JSON.parse(data));
    }
    expect(plain.match(of("b", { created: 99 }))).toBeUndefined();
  });
});
