import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { failure, reasoning, text, toolCall, type FakeReply } from "@parlor/testkit/openai";
import type { OpenAIOptions } from "@parlor/openai";
import { fakeOpenAI, type FakeOpenAI } from "@parlor/testkit/openai";
import { ask, backendOf, cleanUp, says } from "./support.ts";

const ways: [string, (fake: FakeOpenAI) => Partial<OpenAIOptions>][] = [
  ["a fetch", () => ({ fetch: (url, init) => fetch(url, init) })],
  ["a client", (fake) => ({ client: new OpenAI({ apiKey: "sk-client", baseURL: fake.url }) })],
];

describe.each(ways)("brought along: %s", (_, optionsFor) => {
  async function made(reply?: FakeReply, options: Partial<OpenAIOptions> = {}) {
    const fake = await fakeOpenAI(reply ? { reply } : {});
    cleanUp(() => fake.close());
    return { fake, backend: backendOf(fake, { ...optionsFor(fake), ...options }) };
  }

  it("streams", async () => {
    const steps = [...reasoning("think", "hm"), ...text("ä€", "😀"), ...toolCall(0, "c", "f", "{}")];
    const { fake, backend } = await made({ steps, wire: { split: 1 } });
    const outcome = await ask(backend);
    expect(outcome).toMatchObject({ reasoning: "hm", text: "ä€😀", finish: "tool-calls", error: undefined });
    expect(outcome.events.at(-1)).toMatchObject({ type: "usage" });
    expect(fake.requests[0]?.body).toMatchObject({ model: "fake", stream: true });
  });

  it.each(["end", "fin", "reset"] as const)("finds a stream truncated: %s", async (how) => {
    const { backend } = await made({ steps: text("a", "b"), wire: { cut: { at: 600, how } } });
    expect((await ask(backend)).error?.code).toBe("upstream_truncated");
  });

  it("maps failures without their words", async () => {
    const { fake, backend } = await made();
    fake.next(failure(400, { message: "MARK", code: "context_length_exceeded" }), failure(401, { message: "MARK" }));
    const first = await ask(backend);
    expect(first.error).toMatchObject({ code: "context_too_long", message: expect.not.stringContaining("MARK") });
    expect((await ask(backend)).error?.code).toBe("backend_auth");
    await fake.close();
    expect((await ask(backend)).error?.code).toBe("backend_unavailable");
  });

  it("tries again by our rules alone", async () => {
    const { fake, backend } = await made(failure(429, {}, { "retry-after": "0" }), { retries: 1 });
    expect((await ask(backend)).error?.code).toBe("backend_rate_limited");
    expect(fake.requests).toHaveLength(2);
    fake.next(failure(429, {}, { "retry-after": "3600" }));
    expect((await ask(backend)).error).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(fake.requests).toHaveLength(3);
  });

  it("is cut by an abort, before the answer and within it, and by a reader that leaves", async () => {
    const { fake, backend } = await made({ steps: text("a", "b"), wire: { cut: { at: 600, how: "stall" } } });
    fake.next({ delayMs: 60_000 });
    const early = new AbortController();
    const asked = ask(backend, "Hi", {}, early.signal);
    const first = await fake.request(0);
    early.abort();
    expect(await asked).toMatchObject({ events: [], error: undefined });
    expect(await first.closed).toBe("aborted");

    const late = new AbortController();
    for await (const batch of backend.generate({ messages: [says("Hi")], settings: {} }, late.signal)) {
      expect(batch).toEqual([{ type: "text", text: "a" }]);
      setImmediate(() => late.abort());
    }
    expect(await fake.requests[1]?.closed).toBe("aborted");

    for await (const batch of backend.generate(
      { messages: [says("Hi")], settings: {} },
      new AbortController().signal,
    )) {
      expect(batch).toHaveLength(1);
      break;
    }
    expect(await fake.requests[2]?.closed).toBe("aborted");
  });
});

it("a fetch that throws is a service that cannot be reached", async () => {
  const fake = await fakeOpenAI();
  cleanUp(() => fake.close());
  const backend = backendOf(fake, {
    fetch: () => {
      throw new Error("SECRET");
    },
  });
  const { error } = await ask(backend);
  expect(error?.code).toBe("backend_unavailable");
  expect(error?.cause).toBeUndefined();
});

it("a client is asked with its own key and address", async () => {
  const fake = await fakeOpenAI();
  cleanUp(() => fake.close());
  const backend = backendOf(fake, { client: new OpenAI({ apiKey: "sk-client", baseURL: `${fake.url}?x=SECRET` }) });
  await ask(backend);
  expect(fake.requests[0]?.headers.authorization).toBe("Bearer sk-client");
  expect(backend.info.baseUrl).toBe(fake.url);
});

it("the fake speaks as the official SDK's strict reader demands", async () => {
  const fake = await fakeOpenAI({
    reply: { steps: [...text("Hel", "lo"), ...toolCall(0, "c", "f", "{}")], wire: { split: 3 } },
  });
  cleanUp(() => fake.close());
  const client = new OpenAI({ apiKey: "sk-1", baseURL: fake.url });
  const asked = { model: "fake", messages: [{ role: "user" as const, content: "Hi" }] };
  const streamed = await client.chat.completions
    .stream({ ...asked, stream_options: { include_usage: true } })
    .finalChatCompletion();
  const whole = await client.chat.completions.create(asked);
  for (const completion of [streamed, whole]) {
    expect(completion).toMatchObject({
      choices: [{ finish_reason: "tool_calls", message: { content: "Hello", tool_calls: [{ id: "c" }] } }],
      usage: { completion_tokens: 4 },
    });
  }
  expect((await client.models.list()).data).toMatchObject([{ id: "fake" }]);
});
