import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { ChatError, createChatEngine, retry } from "@parlor/core";
import { says, scriptedBackend, type Step } from "@parlor/core/testing";
import { afterAll, beforeEach, expect, test } from "vitest";
import { traced } from "../src/index.ts";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(provider);
beforeEach(() => exporter.reset());
afterAll(() => provider.shutdown());

const canary = "canary-5d1c";
const cloud = { kind: "cloud", baseUrl: "https://api.example.com/v1", provider: "example", model: "m-1" } as const;

function engineOf(script: Parameters<typeof scriptedBackend>[0], info: object = cloud) {
  return createChatEngine({ backend: traced(scriptedBackend(script, { info })), systemPrompt: canary });
}

test("a call is a span under what was active where the turn began, with settings and usage and no text", async () => {
  const engine = engineOf([
    { type: "reasoning", text: canary },
    { type: "text", text: canary },
    [
      { type: "usage", usage: { inputTokens: 9, outputTokens: 4, cachedInputTokens: 5, reasoningTokens: 2 } },
      { type: "finish", reason: "stop" },
    ],
  ]);
  const tracer = trace.getTracer("app");
  const turn = await tracer.startActiveSpan("request", async (parent) => {
    const reply = await engine.send({
      owner: "ada",
      session: "s1",
      message: canary,
      settings: { temperature: 0.2, maxTokens: 50 },
    });
    parent.end();
    return reply.turn;
  });
  const [span, parent] = exporter.getFinishedSpans();
  expect(span).toMatchObject({
    name: "chat m-1",
    kind: 2,
    parentSpanContext: { spanId: parent?.spanContext().spanId },
  });
  expect(span?.attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "example",
    "gen_ai.request.model": "m-1",
    "gen_ai.request.stream": true,
    "gen_ai.request.temperature": 0.2,
    "gen_ai.request.max_tokens": 50,
    "gen_ai.conversation.id": "s1",
    "parlor.turn.id": turn,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 9,
    "gen_ai.usage.output_tokens": 4,
    "gen_ai.usage.cache_read.input_tokens": 5,
    "gen_ai.usage.reasoning.output_tokens": 2,
    "server.address": "api.example.com",
    "server.port": 443,
  });
  expect(span?.attributes["gen_ai.response.time_to_first_chunk"]).toBeGreaterThanOrEqual(0);
  const { name, attributes, events, status } = span ?? {};
  expect(JSON.stringify({ name, attributes, events, status })).not.toContain(canary);
});

test("failures and retries are told by their codes; what could hold a secret is not", async () => {
  const steps: readonly (readonly Step[])[] = [
    [{ fail: new ChatError("backend_overloaded", "The service is overloaded.") }],
    [{ fail: new Error(canary) }],
  ];
  const inner = scriptedBackend((_, call) => steps[call] ?? says("hi"), { info: cloud });
  const engine = createChatEngine({ backend: traced(retry(inner, { waitMs: 1 })) });
  await engine.send({ owner: "ada", message: "Hi" });
  await engineOf([{ fail: new ChatError("backend_auth", "The service refused our key.") }])
    .send({ owner: "ada", message: "Hi" })
    .catch(() => {});
  const [retried, failed] = exporter.getFinishedSpans();
  expect(retried?.attributes["parlor.retries"]).toBe(2);
  expect(retried?.events.map(({ attributes }) => attributes?.["error.type"])).toEqual([
    "backend_overloaded",
    "backend_error",
  ]);
  expect(failed?.attributes["error.type"]).toBe("backend_auth");
  expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR, message: "The service refused our key." });
  expect(JSON.stringify([retried?.events, retried?.attributes])).not.toContain(canary);
});

test("a stop ends the span; a local model is no client", async () => {
  const engine = engineOf([{ type: "text", text: "a" }, { stall: true }], { kind: "local" });
  const turn = await engine.start({ owner: "ada", session: "s1", message: "Hi" });
  await new Promise<void>((resolve) => turn.subscribe(0, { onBatch: () => resolve() }));
  await turn.stop();
  const [span] = exporter.getFinishedSpans();
  expect(span?.kind).toBe(0);
  expect(span?.attributes["error.type"]).toBe("aborted");
  expect(span?.ended).toBe(true);
});
