import { AIMessage, AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { ChatError } from "@parlor/core";
import { says, scriptedBackend, type Step } from "@parlor/core/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { able, serve, type Site } from "./serve.ts";

const modelOf = ({ url }: Site, model = "script-1", apiKey = "ada") =>
  new ChatOpenAI({ model, apiKey, configuration: { baseURL: `${url}/v1` } });

const weather = { name: "weather", description: "The weather of a city", schema: z.object({ city: z.string() }) };

const callsTool = (_: unknown, call: number): readonly Step[] =>
  call % 2 === 1
    ? says("It is clear.")
    : [
        { type: "tool-call", id: "c1", name: "weather", input: { city: "Paris" } },
        { type: "tool-call", id: "c2", name: "weather", input: { city: "Rome" } },
        { type: "finish", reason: "tool-calls" },
      ];

/** LangChain asks models with such a name by /v1/responses. */
const names = ["script-1", "gpt-5.2-pro"] as const;
const pathOf = (name: string) => (name === "script-1" ? "POST /v1/chat/completions" : "POST /v1/responses");

const serveBoth = (model: Parameters<typeof serve>[0]) =>
  serve(model, { models: { "gpt-5.2-pro": scriptedBackend(model, { info: able }) } });

const together = (chunks: readonly AIMessageChunk[]) => chunks.reduce((all, chunk) => all.concat(chunk));

test.for(names)("ChatOpenAI for %s: invoke and stream", async (name) => {
  const site = await serveBoth(says("Hello there, friend"));
  const chat = modelOf(site, name);
  const whole = await chat.invoke("Hi");
  expect(whole.text).toBe("Hello there, friend");
  expect(whole.usage_metadata).toMatchObject({ input_tokens: 10, output_tokens: 3, total_tokens: 13 });
  const chunks = await Array.fromAsync(await chat.stream("Hi"));
  expect(chunks.map(({ text }) => text).filter(Boolean)).toEqual(["Hello", " there,", " friend"]);
  expect(together(chunks)).toMatchObject({ usage_metadata: { total_tokens: 13 } });
  expect(site.requests).toEqual([pathOf(name), pathOf(name)]);
});

test.for(names)("ChatOpenAI for %s: tools, whole and streamed, and their results", async (name) => {
  const site = await serveBoth(callsTool);
  const chat = modelOf(site, name).bindTools([weather]);
  const asked = new HumanMessage("Weather?");
  const streamed = together(await Array.fromAsync(await chat.stream([asked])));
  expect(streamed.tool_calls?.map(({ args }) => args)).toEqual([{ city: "Paris" }, { city: "Rome" }]);
  const results = streamed.tool_calls?.map(({ id }) => new ToolMessage({ tool_call_id: id!, content: "clear" }));
  const answer = await chat.invoke([asked, streamed, ...(results ?? [])]);
  expect(answer.text).toBe("It is clear.");
  const whole = await chat.invoke([asked]);
  expect(whole.tool_calls?.map(({ args }) => args)).toEqual([{ city: "Paris" }, { city: "Rome" }]);
  expect(new Set(site.requests)).toEqual(new Set([pathOf(name)]));
});

test.for(names)("ChatOpenAI for %s: a conversation that it brings along, and structured output", async (name) => {
  const site = await serveBoth(says('{"answer":42}'));
  const chat = modelOf(site, name);
  await chat.invoke([["system", "Be kind."], ["human", "Hi"], new AIMessage("Hello"), ["human", "And now?"]]);
  const structured = chat.withStructuredOutput(z.object({ answer: z.number() }), { name: "answer" });
  expect(await structured.invoke("Hi")).toEqual({ answer: 42 });
});

test("errors are its own, and what cannot help is not sent again", async () => {
  const site = await serve([{ fail: new ChatError("backend_auth", "The model's service refused our key.") }]);
  await expect(modelOf(site, "script-1", "bad-key").invoke("Hi")).rejects.toMatchObject({ status: 401 });
  await expect(modelOf(site, "none").invoke("Hi")).rejects.toMatchObject({ status: 404 });
  expect(site.requests).toHaveLength(2);
});
