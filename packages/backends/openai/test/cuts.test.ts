import { describe, expect, it } from "vitest";
import { fakeOpenAI, reasoning, text, toolCall, type FakeReply, type FakeRequest } from "@parlor/testkit/openai";
import type { Wire } from "@parlor/testkit/provider";
import { Events } from "../src/events.ts";
import { ask, pair, type Outcome } from "./support.ts";

const reply: FakeReply = {
  steps: [...reasoning("reasoning", "hm"), ...text("Größe ", '"😀"\n'), ...toolCall(0, "c", "f", '{"a":1}')],
};
const whole = { reasoning: "hm", text: 'Größe "😀"\n' };

/** The bytes of the reply as the fake sends them. */
async function record(): Promise<string> {
  const fake = await fakeOpenAI({ reply });
  const body = JSON.stringify({ model: "fake", stream: true, stream_options: { include_usage: true } });
  const response = await fetch(`${fake.url}/chat/completions`, { method: "POST", body });
  const stream = await response.text();
  await fake.close();
  return stream;
}

/** Asks once for each position, all at the same time; the message names the position. */
async function atEvery(positions: number, wire: (position: number) => Wire): Promise<Outcome[]> {
  const position = (request: FakeRequest): number => Number(request.body?.messages?.[0]?.content);
  const { backend } = await pair({ reply: (request) => ({ ...reply, wire: wire(position(request)) }) });
  const outcomes: Outcome[] = [];
  for (let start = 0; start < positions; start += 200) {
    const some = Array.from({ length: Math.min(200, positions - start) }, (_, index) =>
      ask(backend, `${start + index}`),
    );
    outcomes.push(...(await Promise.all(some)));
  }
  return outcomes;
}

const stream = await record();
const size = Buffer.byteLength(stream);
/** Once these bytes have come the model has said that it is done. */
const finished = (() => {
  const end = stream.indexOf("\n\n", stream.indexOf('"finish_reason":"tool_calls"'));
  return Buffer.byteLength(stream.slice(0, end));
})();

function expectPrefix(outcome: Outcome, position: number): void {
  expect(whole.text.startsWith(outcome.text), `text at ${position}`).toBe(true);
  expect(whole.reasoning.startsWith(outcome.reasoning), `reasoning at ${position}`).toBe(true);
  if (outcome.finish === undefined) expect(outcome.error?.code, `at ${position}`).toBe("upstream_truncated");
  else expect(outcome, `at ${position}`).toMatchObject({ ...whole, finish: "tool-calls", error: undefined });
}

describe("a stream that is cut at every byte", () => {
  it.each(["end", "fin"] as const)("by %s is whole once the model said so, and truncated before", async (how) => {
    const outcomes = await atEvery(size + 1, (at) => ({ cut: { at, how } }));
    for (const [position, outcome] of outcomes.entries()) {
      expectPrefix(outcome, position);
      expect(outcome.finish !== undefined, `finish at ${position}`).toBe(position >= finished);
    }
    expect(outcomes).toHaveLength(size + 1);
  });

  it("by a reset never finishes early", async () => {
    // A reset may overtake bytes that were sent before it.
    const outcomes = await atEvery(size + 1, (at) => ({ cut: { at, how: "reset" } }));
    for (const [position, outcome] of outcomes.entries()) expectPrefix(outcome, position);
    expect(outcomes.slice(0, finished).filter((outcome) => outcome.finish !== undefined)).toEqual([]);
  });

  it("into two pieces is the same stream", async () => {
    const outcomes = await atEvery(size, (at) => ({ split: [at] }));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ ...whole, finish: "tool-calls", error: undefined });
  });

  it("with that byte wrong is an answer or an error, and nothing else", async () => {
    const outcomes = await atEvery(size, (corrupt) => ({ corrupt }));
    for (const [position, outcome] of outcomes.entries()) {
      expect(outcome.finish !== undefined || outcome.error !== undefined, `at ${position}`).toBe(true);
    }
    expect(outcomes.some((outcome) => outcome.error?.code === "upstream_invalid")).toBe(true);
  });
});

describe("a stream without end", () => {
  it.each([
    ["of one event", "data: x"],
    ["of one event in many lines", "data: x\n"],
  ])("%s is given up at 1 MB, and the connection cut", async (_, endless) => {
    const { fake, backend } = await pair({
      reply: { steps: text("a"), finish: null, usage: null, done: false, wire: { endless } },
    });
    expect(await ask(backend)).toMatchObject({ text: "a", error: { code: "upstream_invalid" } });
    expect(await (await fake.request(0)).closed).toBe("aborted");
  });

  it.each(["nonsense", ": comment\n"])("of %j ends when somebody stops it", async (endless) => {
    const { fake, backend } = await pair({ reply: { finish: null, usage: null, done: false, wire: { endless } } });
    const stop = new AbortController();
    const asked = ask(backend, "Hi", {}, stop.signal);
    const request = await fake.request(0);
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    stop.abort();
    expect(await asked).toMatchObject({ events: [], error: undefined });
    expect(await request.closed).toBe("aborted");
  });

  it.each(["nonsense", ": comment\n", "id: 1\n"])("of %j takes no memory", (endless) => {
    const events = new Events("x", true);
    const before = process.memoryUsage().heapUsed;
    for (let read = 0; read < 2000; read++) events.feed(`:${read}\n${endless.repeat(65_536 / endless.length)}`);
    expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(60);
    expect(events.failure).toBeUndefined();
  });

  it("of unknown fields is given up", () => {
    const events = new Events("x", true);
    events.feed("x: y\n".repeat(1001));
    expect(events.failure?.code).toBe("upstream_invalid");
  });

  it("after the answer is let pass for a second at most, and not waited for", async () => {
    const { fake, backend } = await pair({ reply: { steps: text("a"), wire: { endless: "x" } } });
    expect(await ask(backend)).toMatchObject({ text: "a", finish: "stop", error: undefined });
    expect(await (await fake.request(0)).closed).toBe("aborted");
  });
});
