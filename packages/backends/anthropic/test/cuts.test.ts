import { describe, expect, it } from "vitest";
import {
  fakeAnthropic,
  ping,
  redactedThinking,
  text,
  thinking,
  toolUse,
  type FakeReply,
} from "@parlor/testkit/anthropic";
import { ask, pair, says, type Outcome } from "./support.ts";

const reply: FakeReply = {
  steps: [
    thinking("c2ln", "h", "m"),
    redactedThinking("eHh4"),
    text("Größe ", '"😀"\n'),
    ping(),
    toolUse("c", "f", "{}"),
  ],
};
const tools = [{ name: "f", inputSchema: { type: "object" } }] as const;
const whole = {
  text: 'Größe "😀"\n',
  reasoning: "hm",
  finish: "tool-calls",
  seals: [{ signature: "c2ln" }, { redacted: "eHh4" }],
  calls: ["c"],
};

/** The bytes of the reply as the fake sends them to the backend's model. */
const stream = await (async () => {
  const fake = await fakeAnthropic({ reply });
  const response = await fetch(`${fake.url}/v1/messages`, {
    method: "POST",
    body: '{"stream":true,"model":"claude-sonnet-5-5"}',
  });
  const bytes = await response.text();
  await fake.close();
  return bytes;
})();
const size = Buffer.byteLength(stream);
/** Once these bytes have come the model has said that it is done. */
const finished = (() => {
  const start = stream.indexOf("event: message_delta");
  return Buffer.byteLength(stream.slice(0, stream.indexOf("\n\n", start)));
})();

function summary({ text: said, reasoning, finish, events }: Outcome) {
  return {
    text: said,
    reasoning,
    finish,
    seals: events.flatMap(({ meta }) => (meta ? [meta["anthropic"]] : [])),
    calls: events.flatMap((event) => (event.type === "tool-call" ? [event.id] : [])),
  };
}

/** Asks once for each position, many at the same time; the message names the position. */
async function atEvery(positions: number, wire: (at: number) => FakeReply["wire"]): Promise<Outcome[]> {
  const { backend } = await pair({
    reply: (request) => {
      const made = wire(Number(/position (\d+)/.exec(request.text)?.[1]));
      return { ...reply, ...(made && { wire: made }) };
    },
  });
  const outcomes: Outcome[] = [];
  for (let start = 0; start < positions; start += 100) {
    const some = Array.from({ length: Math.min(100, positions - start) }, (_, index) =>
      ask(backend, { messages: [says(`position ${start + index}`)], tools }),
    );
    outcomes.push(...(await Promise.all(some)));
  }
  return outcomes;
}

describe("thoughts, text and a tool call, cut at every byte", () => {
  it.each(["end", "fin", "reset"] as const)("by %s are whole, or broken off with nothing called", async (how) => {
    const outcomes = await atEvery(size + 1, (at) => ({ cut: { at, how } }));
    for (const [at, outcome] of outcomes.entries()) {
      const got = summary(outcome);
      if (got.finish !== undefined) expect(got, `at ${at}`).toEqual(whole);
      else {
        expect(whole.text.startsWith(got.text) && whole.reasoning.startsWith(got.reasoning), `at ${at}`).toBe(true);
        expect([got.calls, outcome.error?.code], `at ${at}`).toEqual([[], "upstream_truncated"]);
      }
      // A reset may overtake bytes that were sent before it.
      if (how !== "reset" || at < finished) expect(got.finish !== undefined, `finish at ${at}`).toBe(at >= finished);
    }
    expect(outcomes).toHaveLength(size + 1);
  });

  it("into two reads are the same", async () => {
    const outcomes = await atEvery(size, (at) => ({ split: [at] }));
    for (const [at, outcome] of outcomes.entries()) expect(summary(outcome), `at ${at}`).toEqual(whole);
  });
});
