import { ChatError } from "@parlor/core";
import { says, type Step } from "@parlor/core/testing";
import OpenAI from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve, type Site } from "./serve.ts";

const model = "script-1";
const hi = [{ role: "user", content: "Hi" }] as const;
const clientOf = ({ url }: Pick<Site, "url">, apiKey = "ada") => new OpenAI({ baseURL: `${url}/v1`, apiKey });

const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
} as const;

/** Calls the tool, then says what it gave. */
const callsTool = (_: unknown, call: number): readonly Step[] =>
  call > 0
    ? says("It is clear.")
    : [
        { type: "tool-call", id: "c1", name: "weather", input: { city: "Paris" } },
        { type: "tool-call", id: "c2", name: "weather", input: { city: "Rome" } },
        { type: "finish", reason: "tool-calls" },
      ];

test("chat completions, whole and streamed", async () => {
  const site = await serve(says("Hello there, friend"));
  const client = clientOf(site);
  const whole = await client.chat.completions.create({ model, messages: [...hi] });
  expect(whole.choices[0]).toMatchObject({
    message: { role: "assistant", content: "Hello there, friend" },
    finish_reason: "stop",
  });
  expect(whole.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 });
  expect(whole._request_id).toBeTruthy();

  const stream = await client.chat.completions.create({
    model,
    messages: [...hi],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  const usages = [];
  for await (const { choices, usage } of stream) {
    text += choices[0]?.delta.content ?? "";
    if (usage) usages.push(usage.total_tokens);
  }
  expect(text).toBe("Hello there, friend");
  expect(usages).toEqual([13]);
});

test("chat.completions.stream() puts a whole completion together", async () => {
  const client = clientOf(await serve([{ type: "reasoning", text: "hm" }, ...says("Hello there, friend")]));
  const deltas: string[] = [];
  const stream = client.chat.completions
    .stream({ model, messages: [...hi], stream_options: { include_usage: true } })
    .on("content", (delta) => deltas.push(delta));
  expect(await stream.finalContent()).toBe("Hello there, friend");
  expect(deltas).toEqual(["Hello", " there,", " friend"]);
  const { choices, id } = await stream.finalChatCompletion();
  expect(id).toMatch(/^chatcmpl-/);
  expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant" } });
  expect((await stream.totalUsage()).total_tokens).toBe(13);
});

test("tools: two calls at once, streamed and whole, and their results", async () => {
  const site = await serve(callsTool);
  const client = clientOf(site);
  const stream = client.chat.completions.stream({ model, messages: [...hi], tools: [weather] });
  const done: unknown[] = [];
  stream.on("tool_calls.function.arguments.done", ({ name, arguments: json, index }) => done.push([index, name, json]));
  const { choices } = await stream.finalChatCompletion();
  expect(done).toEqual([
    [0, "weather", '{"city":"Paris"}'],
    [1, "weather", '{"city":"Rome"}'],
  ]);
  const message = choices[0]?.message;
  expect(choices[0]?.finish_reason).toBe("tool_calls");
  const results = message?.tool_calls?.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "clear" }));
  const answer = await client.chat.completions.create({
    model,
    messages: [...hi, message!, ...results!],
    tools: [weather],
  });
  expect(answer.choices[0]?.message.content).toBe("It is clear.");
  const roles = site.backend.calls[1]?.request.messages.map(({ role }) => role);
  expect(roles).toEqual(["user", "assistant", "tool", "tool"]);
});

test("runTools() runs the loop", async () => {
  const client = clientOf(await serve(callsTool));
  const asked: string[] = [];
  const runner = client.chat.completions.runTools({
    model,
    messages: [...hi],
    stream: true,
    tools: [
      zodFunction({
        name: "weather",
        parameters: z.object({ city: z.string() }),
        function: ({ city }) => void asked.push(city),
      }),
    ],
  });
  expect(await runner.finalContent()).toBe("It is clear.");
  expect(asked).toEqual(["Paris", "Rome"]);
});

test("chat.completions.parse() gets what its schema says", async () => {
  const site = await serve(says('{"answer":42}'));
  const parsed = await clientOf(site).chat.completions.parse({
    model,
    messages: [...hi],
    response_format: zodResponseFormat(z.object({ answer: z.number() }), "answer"),
  });
  expect(parsed.choices[0]?.message.parsed).toEqual({ answer: 42 });
  expect(site.backend.calls[0]?.request.responseFormat).toMatchObject({
    type: "json-schema",
    name: "answer",
    strict: true,
  });
});

test("a session keeps the history, by header and by metadata", async () => {
  const site = await serve(says("Hello"));
  const client = clientOf(site);
  await client.chat.completions.create({ model, messages: [...hi], metadata: { session_id: "s1" } });
  const again = { model, messages: [{ role: "user" as const, content: "And now?" }] };
  await client.chat.completions.create(again, { headers: { "x-session-id": "s1" } });
  expect(site.backend.calls[1]?.request.messages).toHaveLength(3);
});

test("responses, whole and streamed, and going on with one", async () => {
  const site = await serve(says("Hello there"));
  const client = clientOf(site);
  const first = await client.responses.create({ model, input: "Hi", instructions: "Be kind." });
  expect(first.output_text).toBe("Hello there");
  expect(first.usage).toMatchObject({ input_tokens: 10, output_tokens: 2 });

  const stream = client.responses.stream({ model, input: "And now?", previous_response_id: first.id });
  const types: string[] = [];
  const numbers: number[] = [];
  for await (const event of stream) {
    types.push(event.type);
    numbers.push(event.sequence_number);
  }
  const second = await stream.finalResponse();
  expect(second.output_text).toBe("Hello there");
  expect(second.previous_response_id).toBe(first.id);
  expect(types[0]).toBe("response.created");
  expect(types.at(-1)).toBe("response.completed");
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(site.backend.calls[1]?.request.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);

  const stale = client.responses.create({ model, input: "No", previous_response_id: first.id });
  await expect(stale).rejects.toMatchObject({ status: 400, param: "previous_response_id" });
});

test("responses with tools of the client", async () => {
  const client = clientOf(await serve(callsTool));
  const tools = [{ type: "function" as const, strict: false, ...weather.function }];
  const stream = client.responses.stream({ model, input: "Hi", tools });
  const done: string[] = [];
  stream.on("response.function_call_arguments.done", ({ arguments: json }) => done.push(json));
  const first = await stream.finalResponse();
  expect(done).toEqual(['{"city":"Paris"}', '{"city":"Rome"}']);
  const calls = first.output.filter((item) => item.type === "function_call");
  const input = calls.map(({ call_id }) => ({ type: "function_call_output" as const, call_id, output: "clear" }));
  const second = await client.responses.create({ model, tools, input, previous_response_id: first.id });
  expect(second.output_text).toBe("It is clear.");
});

test("models", async () => {
  const client = clientOf(await serve([]));
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toEqual([model]);
  expect(await client.models.retrieve(model)).toMatchObject({ id: model, object: "model" });
  await expect(client.models.retrieve("some/other")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

test("errors are the SDK's own classes, and what cannot help is not sent again", async () => {
  const site = await serve([{ fail: new ChatError("backend_auth", "The model's service refused our key.") }]);
  const client = clientOf(site);
  const ask = (body: object) => client.chat.completions.create({ model, messages: [...hi], ...body });
  await expect(ask({ model: "none" })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  await expect(ask({ temperature: 9 })).rejects.toMatchObject({ status: 400, param: "temperature" });
  await expect(ask({ n: 2 })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  await expect(ask({})).rejects.toMatchObject({ status: 502, code: "backend_auth" });
  const stranger = clientOf(site, "bad-key").chat.completions.create({ model, messages: [...hi] });
  await expect(stranger).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  expect(site.requests).toHaveLength(5);
});

test("what can pass is sent again, before anything was stored", async () => {
  const overloaded = { fail: new ChatError("backend_overloaded", "Busy.", { retryAfterMs: 1 }) };
  const site = await serve((_, call) => (call < 1 ? [overloaded] : says("Hello")));
  const { choices } = await clientOf(site).chat.completions.create({ model, messages: [...hi] });
  expect(choices[0]?.message.content).toBe("Hello");
  expect(site.backend.calls).toHaveLength(2);
});

test("what a session has stored is not said twice", async () => {
  const site = await serve([{ fail: new ChatError("backend_overloaded", "Busy.", { retryAfterMs: 1 }) }]);
  const session = { headers: { "x-session-id": "s1" } };
  const asked = clientOf(site).chat.completions.create({ model, messages: [...hi] }, session);
  await expect(asked).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  const history = await site.engine.sessions.history({ owner: "ada", id: "s1" });
  expect(history?.messages.map(({ role, status }) => [role, status])).toEqual([
    ["user", "complete"],
    ["assistant", "failed"],
  ]);
  expect(site.requests).toHaveLength(1);
});

test("a failure after the first words ends the stream with an error", async () => {
  const site = await serve([{ type: "text", text: "Well" }, { fail: new ChatError("backend_error", "It broke.") }]);
  const stream = await clientOf(site).chat.completions.create({ model, messages: [...hi], stream: true });
  let text = "";
  const reading = (async () => {
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
  })();
  await expect(reading).rejects.toThrow("It broke.");
  expect(text).toBe("Well");
  expect(site.requests).toHaveLength(1);
  const response = await clientOf(site).responses.stream({ model, input: "Hi" }).finalResponse();
  expect(response).toMatchObject({ status: "failed", error: { code: "backend_error", message: "It broke." } });
  expect(response.output).toMatchObject([{ status: "incomplete", content: [{ text: "Well" }] }]);
});

test("a client that aborts leaves; a stateless turn is its own and goes on unheard", async () => {
  const site = await serve([{ type: "text", text: "one" }, { stall: true }]);
  const stream = await clientOf(site).chat.completions.create({ model, messages: [...hi], stream: true });
  for await (const { choices } of stream) if (choices[0]?.delta.content) break;
  expect(stream.controller.signal.aborted).toBe(true);
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const asked = clientOf(site).chat.completions.create({ model, messages: [...hi] }, options);
  await site.backend.called(1);
  controller.abort();
  await expect(asked).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  expect(site.requests).toHaveLength(2);
});
