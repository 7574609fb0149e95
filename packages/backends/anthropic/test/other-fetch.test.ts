import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import {
  fakeAnthropic,
  failure,
  redactedThinking,
  text,
  thinking,
  toolUse,
  type FakeAnthropic,
  type FakeReply,
} from "@parlor/testkit/anthropic";
import type { AnthropicOptions } from "@parlor/anthropic";
import { ask, backendOf, cleanUp, says } from "./support.ts";

const ways: [string, (fake: FakeAnthropic) => Partial<AnthropicOptions>][] = [
  ["a fetch", () => ({ fetch: (url, init) => fetch(url, init) })],
  ["a client", (fake) => ({ client: new Anthropic({ apiKey: "sk-client", baseURL: fake.url }) })],
];

describe.each(ways)("brought along: %s", (_, optionsFor) => {
  async function made(reply?: FakeReply, options: Partial<AnthropicOptions> = {}) {
    const fake = await fakeAnthropic(reply ? { reply } : {});
    cleanUp(() => fake.close());
    return { fake, backend: backendOf(fake, { ...optionsFor(fake), ...options }) };
  }

  it("streams", async () => {
    const steps = [thinking("c2ln", "hm"), text("ä€", "😀"), toolUse("c", "f", "{}")];
    const { fake, backend } = await made({ steps, wire: { split: 1 } });
    const outcome = await ask(backend);
    expect(outcome).toMatchObject({ reasoning: "hm", text: "ä€😀", finish: "tool-calls", error: undefined });
    expect(outcome.events.at(-1)).toMatchObject({ type: "usage" });
    expect(fake.requests[0]?.body).toMatchObject({ model: "claude-sonnet-5-5", stream: true });
  });

  it.each(["end", "fin", "reset"] as const)("finds a stream truncated: %s", async (how) => {
    const { backend } = await made({ steps: [text("a", "b")], wire: { cut: { at: 900, how } } });
    expect((await ask(backend)).error?.code).toBe("upstream_truncated");
  });

  it("maps failures without their words", async () => {
    const reply = (status: number, type: string) => failure(status, { type, message: "MARK" }) as FakeReply;
    const { fake, backend } = await made();
    fake.next(reply(402, "billing_error"), reply(529, "overloaded_error"));
    const first = await ask(backend);
    expect(first.error).toMatchObject({ code: "backend_quota", message: expect.not.stringContaining("MARK") });
    expect((await ask(backend)).error?.code).toBe("backend_overloaded");
    await fake.close();
    expect((await ask(backend)).error?.code).toBe("backend_unavailable");
  });

  it("tries again by our rules alone", async () => {
    const limited = (seconds: string) =>
      failure(429, { type: "rate_limit_error" }, { "retry-after": seconds }) as FakeReply;
    const { fake, backend } = await made(limited("0"), { retries: 1 });
    expect((await ask(backend)).error?.code).toBe("backend_rate_limited");
    expect(fake.requests).toHaveLength(2);
    fake.next(limited("3600"));
    expect((await ask(backend)).error).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(fake.requests).toHaveLength(3);
  });

  it("is cut by an abort, before the answer and within it, and by a reader that leaves", async () => {
    const { fake, backend } = await made({
      steps: [text("a")],
      stopReason: null,
      wire: { cut: { at: 9999, how: "stall" } },
    });
    fake.next({ delayMs: 60_000 });
    const early = new AbortController();
    const asked = ask(backend, {}, early.signal);
    const first = await fake.request(0);
    early.abort();
    expect(await asked).toMatchObject({ events: [], error: undefined });
    expect(await first.closed).toBe("aborted");

    const request = { messages: [says("Hi")], settings: {} };
    const late = new AbortController();
    for await (const batch of backend.generate(request, late.signal)) {
      expect(batch).toEqual([{ type: "text", text: "a" }]);
      setImmediate(() => late.abort());
    }
    expect(await fake.requests[1]?.closed).toBe("aborted");

    for await (const batch of backend.generate(request, new AbortController().signal)) {
      expect(batch).toHaveLength(1);
      break;
    }
    expect(await fake.requests[2]?.closed).toBe("aborted");
  });
});

it("a client is asked with its own key, address and version", async () => {
  const fake = await fakeAnthropic();
  cleanUp(() => fake.close());
  const client = new Anthropic({ apiKey: "sk-client", baseURL: fake.url });
  const backend = backendOf(fake, { client });
  await ask(backend);
  await ask(backendOf(fake, { client, version: "2026-10-21" }));
  expect(fake.requests.map(({ headers }) => [headers.authorization, headers["anthropic-version"]])).toEqual([
    ["Bearer sk-client", "2023-06-01"],
    ["Bearer sk-client", "2026-10-21"],
  ]);
  expect(backend.info.baseUrl).toBe(fake.url);
});

it("the fake speaks as the official SDK's strict reader demands", async () => {
  const steps = [
    thinking("c2ln", "h", "m"),
    redactedThinking("eHh4"),
    text("Hel", "lo"),
    toolUse("c", "f", '{"a"', ":1}"),
  ];
  const fake = await fakeAnthropic({ reply: { steps, wire: { split: 3 } } });
  cleanUp(() => fake.close());
  const client = new Anthropic({ apiKey: "sk-1", baseURL: fake.url });
  const asked = { model: "fake", max_tokens: 100, messages: [{ role: "user" as const, content: "Hi" }] };
  const streamed = await client.messages.stream(asked).finalMessage();
  const whole = await client.messages.create(asked);
  for (const message of [streamed, whole]) {
    expect(message).toMatchObject({
      content: [
        { type: "thinking", thinking: "hm", signature: "c2ln" },
        { type: "redacted_thinking", data: "eHh4" },
        { type: "text", text: "Hello" },
        { type: "tool_use", id: "c", input: { a: 1 } },
      ],
      stop_reason: "tool_use",
      usage: { output_tokens: 8 },
    });
  }
});
