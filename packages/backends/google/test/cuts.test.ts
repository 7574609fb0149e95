import { describe, expect, it } from "vitest";
import type { BackendEvent } from "@parlor/core";
import { fakeGoogle, functionCall, text, thoughts, type GeminiReply } from "@parlor/testkit/google";
import { Events } from "../src/events.ts";
import { ask, pair, type Outcome } from "./support.ts";

// The conformance suite cuts plain text; this one has every kind of part.
const reply: GeminiReply = {
  steps: [...thoughts("Größe?"), ...text("Ja 😀"), functionCall("f", { a: "ü" }, { id: "g", signature: "c2ln" })],
  signature: "bGFzdA==",
  wire: { lineEnd: "\n" },
};
const call: BackendEvent = {
  type: "tool-call",
  id: "g",
  name: "f",
  input: { a: "ü" },
  meta: { google: { id: "g", thoughtSignature: "c2ln" } },
};
const whole: readonly BackendEvent[] = [
  { type: "reasoning", text: "Größe?" },
  { type: "text", text: "Ja 😀" },
  call,
  { type: "text", text: "", meta: { google: { thoughtSignature: "bGFzdA==", apart: true } } },
  { type: "finish", reason: "tool-calls" },
  { type: "usage", usage: { inputTokens: 10, outputTokens: 3 } },
];

/** The bytes of the reply as the fake sends them. */
async function record(): Promise<string> {
  const fake = await fakeGoogle({ reply });
  const headers = { "x-goog-api-key": "k" };
  const response = await fetch(`${fake.url}/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse`, {
    method: "POST",
    body: "{}",
    headers,
  });
  const stream = await response.text();
  await fake.close();
  return stream;
}
const stream = await record();
const size = Buffer.byteLength(stream);
/** Where the record with the reason to finish ends, without its blank line. */
const finished = size - 2;

type Wire = NonNullable<GeminiReply["wire"]>;

/** Asks once for each position, many at a time. */
async function atEvery(positions: number, wire: (position: number) => Wire): Promise<Outcome[]> {
  const { backend } = await pair({
    reply: ({ text: sent }) => ({ ...reply, wire: { lineEnd: "\n", ...wire(Number(/at (\d+)/.exec(sent)?.[1])) } }),
  });
  const outcomes: Outcome[] = [];
  for (let start = 0; start < positions; start += 100) {
    const some = Array.from({ length: Math.min(100, positions - start) }, (_, index) => {
      const said = { type: "text", text: `at ${start + index}` } as const;
      return ask(backend, { messages: [{ role: "user", parts: [said] }] });
    });
    outcomes.push(...(await Promise.all(some)));
  }
  return outcomes;
}

/** What was told before the end is a part of the whole, and an answer that is not whole does not finish. */
function expectPart({ events, error, finish }: Outcome, position: number): void {
  if (finish !== undefined) return expect([events, error], `at ${position}`).toEqual([whole, undefined]);
  expect(error?.code, `at ${position}`).toBe("upstream_truncated");
  expect(events, `at ${position}`).toEqual(whole.slice(0, events.length));
}

describe("a stream of thoughts, text, calls and signatures that is cut at every byte", () => {
  it.each(["end", "fin"] as const)("by %s is whole once the model said so, and truncated before", async (how) => {
    const outcomes = await atEvery(size + 1, (at) => ({ cut: { at, how } }));
    for (const [position, outcome] of outcomes.entries()) {
      expectPart(outcome, position);
      expect(outcome.finish !== undefined, `finish at ${position}`).toBe(position >= finished);
    }
  });

  it("by a reset never finishes early", async () => {
    // A reset may overtake bytes that were sent before it.
    const outcomes = await atEvery(size + 1, (at) => ({ cut: { at, how: "reset" } }));
    for (const [position, outcome] of outcomes.entries()) expectPart(outcome, position);
    expect(outcomes.slice(0, finished).filter(({ finish }) => finish !== undefined)).toEqual([]);
  });

  it("into two pieces is the same stream", async () => {
    const outcomes = await atEvery(size, (at) => ({ split: [at] }));
    for (const { text: said, reasoning, finish, error, events } of outcomes) {
      expect([said, reasoning, finish, error]).toEqual(["Ja 😀", "Größe?", "tool-calls", undefined]);
      expect(events).toContainEqual(call);
    }
  });

  it("with that byte wrong is an answer or an error, and nothing else", async () => {
    const outcomes = await atEvery(size, (corrupt) => ({ corrupt }));
    for (const [position, { finish, error }] of outcomes.entries()) {
      expect(finish !== undefined || error !== undefined, `at ${position}`).toBe(true);
    }
    expect(outcomes.some(({ error }) => error?.code === "upstream_invalid")).toBe(true);
  });
});

describe("a stream without end", () => {
  it.each(["data: {}\n\n", 'data: {"candidates":[{"content":{"parts":[{"text":""}]}}]}\n\n', ": comment\n", "id: 1\n"])(
    "of %j takes no memory",
    (endless) => {
      const events = new Events(true);
      const before = process.memoryUsage().heapUsed;
      for (let read = 0; read < 1000; read++) events.feed(`:${read}\n${endless.repeat(65_536 / endless.length)}`);
      expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(60);
      expect([events.done, events.failure]).toEqual([false, undefined]);
    },
  );

  it("of bare JSON is given up", () => {
    const events = new Events(true);
    for (let read = 0; read < 100 && !events.done; read++) events.feed('{"a":\n'.repeat(100));
    expect(events.failure?.code).toBe("upstream_invalid");
  });
});
