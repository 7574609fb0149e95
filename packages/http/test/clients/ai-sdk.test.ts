import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatError } from "@parlor/core";
import { says, type Step } from "@parlor/core/testing";
import { APICallError, generateText, isStepCount, Output, streamText, tool } from "ai";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve, type Site } from "./serve.ts";

const providerOf = ({ url }: Site, apiKey = "ada") =>
  createOpenAICompatible({
    name: "parlor",
    baseURL: `${url}/v1`,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
  })("script-1");

const weather = tool({
  description: "The weather of a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, sky: "clear" }),
});

const callsTool = (_: unknown, call: number): readonly Step[] =>
  call > 0
    ? says("It is clear.")
    : [
        { type: "reasoning", text: "hm" },
        { type: "tool-call", id: "c1", name: "weather", input: { city: "Paris" } },
        { type: "tool-call", id: "c2", name: "weather", input: { city: "Rome" } },
        { type: "finish", reason: "tool-calls" },
      ];

test("generateText and streamText", async () => {
  const site = await serve([{ type: "reasoning", text: "hm" }, ...says("Hello there, friend")]);
  const model = providerOf(site);
  const whole = await generateText({ model, system: "Be kind.", prompt: "Hi" });
  expect([whole.text, whole.reasoningText, whole.finishReason]).toEqual(["Hello there, friend", "hm", "stop"]);
  expect(whole.usage).toMatchObject({ inputTokens: 10, outputTokens: 3 });
  const stream = streamText({ model, prompt: "Hi" });
  const deltas: string[] = [];
  for await (const delta of stream.textStream) deltas.push(delta);
  expect(deltas).toEqual(["Hello", " there,", " friend"]);
  expect(await stream.reasoningText).toBe("hm");
  expect(await stream.usage).toMatchObject({ inputTokens: 10, outputTokens: 3 });
  expect(await stream.warnings).toEqual([]);
});

test.for(["streamText", "generateText"] as const)("%s runs tools, two at once, and goes on", async (how) => {
  const site = await serve(callsTool);
  const asked = { model: providerOf(site), prompt: "Weather?", tools: { weather }, stopWhen: isStepCount(3) };
  const result = how === "streamText" ? streamText(asked) : await generateText(asked);
  expect(await result.text).toBe("It is clear.");
  const [first] = await result.steps;
  expect(first?.toolResults.map(({ output }) => output)).toEqual([
    { city: "Paris", sky: "clear" },
    { city: "Rome", sky: "clear" },
  ]);
  expect(site.backend.calls[1]?.request.messages.map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "tool",
    "tool",
  ]);
});

test("structured output", async () => {
  const site = await serve(says('{"answer":42}'));
  const { output } = await generateText({
    model: providerOf(site),
    prompt: "Hi",
    output: Output.object({ schema: z.object({ answer: z.number() }) }),
  });
  expect(output).toEqual({ answer: 42 });
  expect(site.backend.calls[0]?.request.responseFormat).toMatchObject({ type: "json-schema" });
});

test("pictures", async () => {
  const site = await serve(says("A cat."));
  const url = "data:image/png;base64,iVBORw0KGgo=";
  const content = [
    { type: "text" as const, text: "What is it?" },
    { type: "file" as const, data: url, mediaType: "image/png" },
  ];
  await generateText({ model: providerOf(site), messages: [{ role: "user", content }] });
  expect(site.backend.calls[0]?.request.messages[0]?.parts[1]).toMatchObject({ type: "image", url });
});

test("errors say what to do, and what cannot help is not sent again", async () => {
  const site = await serve([{ fail: new ChatError("backend_auth", "The model's service refused our key.") }]);
  const stranger = generateText({ model: providerOf(site, "bad-key"), prompt: "Hi" });
  await expect(stranger).rejects.toSatisfy((error) => APICallError.isInstance(error) && error.statusCode === 401);
  const cold = generateText({ model: providerOf(site), prompt: "Hi", temperature: 9 });
  await expect(cold).rejects.toThrow(/temperature/);
  expect(site.requests).toHaveLength(2);
});

test("a failure after the first words is an error of the stream", async () => {
  const site = await serve([{ type: "text", text: "Well" }, { fail: new ChatError("backend_error", "It broke.") }]);
  const errors: unknown[] = [];
  const stream = streamText({ model: providerOf(site), prompt: "Hi", onError: ({ error }) => void errors.push(error) });
  let text = "";
  for await (const delta of stream.textStream) text += delta;
  expect(text).toBe("Well");
  expect(JSON.stringify(errors)).toContain("It broke.");
});
