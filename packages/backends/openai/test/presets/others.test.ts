import { describe, expect, it } from "vitest";
import type { PromptMessage } from "@parlor/core";
import { groq, huggingface, llamaServer, ollama, vllm } from "@parlor/openai";
import { fakeOpenAI, text, toolCall, type Step } from "@parlor/testkit/openai";
import type { ProviderReply } from "@parlor/testkit/provider";
import { ask, cleanUp } from "../support.ts";
import { answer, before, json, sse } from "./support.ts";

describe("groq", () => {
  it("stops early with an error of its own, and is believed", async () => {
    const error: Step = { json: { choices: [{ delta: {} }], x_groq: { id: "req", error: "over capacity" } } };
    expect(await answer(groq, "m", { steps: [...text("a"), error], finish: null })).toMatchObject({
      text: "a",
      error: { code: "backend_error" },
    });
  });
});

describe("huggingface", () => {
  it("puts the provider behind the model's name, in place of another", async () => {
    const named = async (model: string, provider?: string): Promise<unknown> => {
      const fake = await fakeOpenAI();
      const backend = huggingface({
        model,
        baseURL: fake.url,
        billTo: "acme",
        ...(provider !== undefined && { provider }),
      });
      cleanUp(async () => {
        await backend.close();
        await fake.close();
      });
      await ask(backend);
      const { body, headers } = await fake.request(0);
      expect(headers["x-hf-bill-to"]).toBe("acme");
      return body?.model;
    };
    expect(await named("org/name")).toBe("org/name");
    expect(await named("org/name", "groq")).toBe("org/name:groq");
    expect(await named("org/name:fastest", "groq")).toBe("org/name:groq");
  });

  it("waits for a model that is loading as long as the Hub expects", async () => {
    const cold = (estimated_time: number): ProviderReply =>
      json({ error: "Model org/name is currently loading", estimated_time }, 503);
    const { fake, backend } = await before(huggingface, "org/name", sse({ choices: [{ finish_reason: "stop" }] }), 1);
    fake.next(cold(0.01));
    expect(await ask(backend)).toMatchObject({ finish: "stop", error: undefined });
    fake.next(cold(45.5));
    expect((await ask(backend)).error).toMatchObject({ code: "backend_overloaded", retryAfterMs: 45_500 });
  });
});

describe("ollama", () => {
  it("is local, loads for a while, and has a small context unless told otherwise", async () => {
    const { info } = ollama({ model: "qwen3" });
    expect(info).toMatchObject({ kind: "local", provider: "ollama", contextWindow: 4096 });
    expect(info.deadlines?.firstTokenMs).toBe(300_000);
    expect(ollama({ model: "qwen3", contextWindow: 32_768 }).info.contextWindow).toBe(32_768);
  });

  it("repeats the role with empty content, and tells a call whole", async () => {
    const outcome = await answer(ollama, "qwen3", {
      steps: [
        { delta: { role: "assistant", content: "", reasoning: "hm" } },
        { delta: { role: "assistant", content: "Yes" } },
        {
          delta: {
            role: "assistant",
            content: "",
            tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "f", arguments: '{"x":1}' } }],
          },
        },
      ],
      finish: "stop",
    });
    expect(outcome).toMatchObject({ reasoning: "hm", text: "Yes", finish: "tool-calls" });
  });
});

describe("llama-server", () => {
  it("is waited for while it loads its model", async () => {
    const loading = json({ error: { code: 503, message: "Loading model", type: "unavailable_error" } }, 503);
    const { fake, backend } = await before(llamaServer, "local", sse({ choices: [{ finish_reason: "stop" }] }), 1);
    fake.next(loading);
    expect(await ask(backend)).toMatchObject({ finish: "stop", error: undefined });
    expect(fake.requests).toHaveLength(2);
  });

  it("tells in its timings what it had cached, and errors within an answer", async () => {
    const { backend, fake } = await before(
      llamaServer,
      "local",
      sse(
        { choices: [{ finish_reason: "stop" }] },
        { choices: [], usage: { prompt_tokens: 10, completion_tokens: 2 }, timings: { cache_n: 8, prompt_n: 2 } },
      ),
    );
    expect((await ask(backend)).events.at(-1)).toEqual({
      type: "usage",
      usage: { inputTokens: 10, outputTokens: 2, cachedInputTokens: 8 },
    });
    fake.next({
      headers: { "content-type": "text/event-stream" },
      body: 'error: {"code":400,"message":"context size exceeded","type":"exceed_context_size_error"}\n\n',
    });
    expect((await ask(backend)).error?.code).toBe("context_too_long");
  });
});

describe("vllm and others", () => {
  it("may number all parallel calls 0", async () => {
    const steps = [...toolCall(0, "a", "f", "{}"), ...toolCall(0, "b", "g", "{}")];
    const { events } = await answer(vllm, "m", { steps });
    expect(events.filter((event) => event.type === "tool-call")).toMatchObject([{ id: "a" }, { id: "b" }]);
  });

  it("take audio, and no files", async () => {
    const { fake, backend } = await before(vllm, "m", sse({ choices: [{ finish_reason: "stop" }] }));
    const part = (type: "audio" | "file"): PromptMessage => ({
      role: "user",
      parts: [{ type, url: "data:audio/wav;base64,AAAA" }],
    });
    expect((await ask(backend, [part("audio")])).error).toBeUndefined();
    expect((await ask(backend, [part("file")])).error?.code).toBe("invalid_request");
    expect(fake.requests).toHaveLength(1);
  });
});
