import { says, scriptedBackend } from "@parlor/core/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Service } from "../src/service.ts";
import { createFields } from "../src/input/fields.ts";
import { chatBody } from "../src/surfaces/openai/chat-schemas.ts";
import { responsesBody } from "../src/surfaces/openai/responses-schemas.ts";
import { world } from "./world.ts";

const chat = "/v1/chat/completions";
const responses = "/v1/responses";
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);
const text = { type: "text", text: "" };
const user = (content: unknown) => ({ role: "user", content });
const call = { id: "1", function: { name: "f", arguments: "" } };
const tool = (name: string) => ({ type: "function", name, function: { name } });
const metadata = (fields: number) => Object.fromEntries(times(fields, 0).map((_, at) => [`k${at}`, "v"]));

async function refusal(path: string, body: object) {
  const reply = (await world().ask("POST", path, { body })) as Response;
  expect(reply.status).toBe(400);
  const { error } = (await reply.json()) as { error: { code: string; param: string; message: string } };
  expect(error.code).toBe("invalid_request");
  expect(error.message.startsWith(`${error.param}: `)).toBe(true);
  return [error.param, error.message.slice(error.param.length + 2)];
}

const tooLong = (most: number) => `Too big: expected array to have <=${most} items.`;
const tooManyParts = "Too big: at most 4,096 content parts and tool calls in all of them together.";

test("what is too long to be looked at is refused in the protocol's shape, and says how long it may be", async () => {
  const few = { messages: [user("Hi")], input: "Hi" };
  const many = times(2_049, user("Hi"));
  expect(await refusal(chat, { messages: many })).toEqual(["messages", tooLong(2_048)]);
  expect(await refusal(responses, { input: many })).toEqual(["input", tooLong(2_048)]);
  const parts = [...times(2, user(times(2_048, text))), user([text])];
  expect(await refusal(chat, { messages: parts })).toEqual(["messages", tooManyParts]);
  expect(await refusal(responses, { input: parts })).toEqual(["input", tooManyParts]);
  const calls = times(2_048, { role: "assistant", content: [text], tool_calls: [call, call] });
  expect(await refusal(chat, { messages: calls })).toEqual(["messages", tooManyParts]);
  for (const path of [chat, responses]) {
    expect(await refusal(path, { ...few, tools: times(129, tool("f")) })).toEqual(["tools", tooLong(128)]);
    const named = { ...few, metadata: metadata(17) };
    expect(await refusal(path, named)).toEqual(["metadata", "Too big: at most 16 fields."]);
  }
});

test("the longest body there may be is answered", async () => {
  const { ask } = world({}, undefined, {
    backend: scriptedBackend(says("Well"), { info: { capabilities: ["tools"] } }),
  });
  const said = times(2_048, user(times(2, text)));
  const tools = times(128, 0).map((_, at) => tool(`f${at}`));
  for (const [path, body] of [
    [chat, { messages: said }],
    [responses, { input: said, store: false }],
  ] as const) {
    const reply = await ask("POST", path, { body: { ...body, tools, metadata: metadata(16) } });
    expect([path, reply?.status]).toEqual([path, 200]);
  }
});

test("a fault in a list is named by its place, and not by the list's", async () => {
  const wrong = [user([text, { type: "txt", text: "" }])];
  expect((await refusal(chat, { messages: wrong }))[0]).toBe("messages.0.content.1.type");
  expect((await refusal(responses, { input: wrong }))[0]).toBe("input.0.content.1.type");
  expect((await refusal(responses, { input: [user("Hi"), { type: "poem" }] }))[0]).toBe("input.1.type");
  expect((await refusal(responses, { input: 1 }))[0]).toBe("input");
});

/** Fails whoever looks at it. */
const untouchable: object = new Proxy(
  {},
  {
    get: (_, name) => {
      throw new Error(`somebody looked at ${String(name)}`);
    },
  },
);
const { engine } = world();
const service = { fields: createFields(engine, { systemPromptCharacters: 8_000 } as never) } as Service;
const schemas = { messages: z.object(chatBody(service)), input: z.object(responsesBody(service)) };

test("lists are counted before anything in them is looked at", () => {
  for (const field of ["messages", "input"] as const) {
    for (const said of [times(2_049, untouchable), [user(times(4_097, untouchable))]]) {
      expect(schemas[field].safeParse({ [field]: said }).success).toBe(false);
    }
    const tools = times(129, untouchable);
    expect(schemas[field].safeParse({ [field]: [user("Hi")], tools }).success).toBe(false);
  }
});

test("an item is held against the schema of its type alone, and a tool's own schema against none", () => {
  const type = "function_call_output";
  const output = {
    type,
    call_id: "1",
    output: "",
    get role() {
      throw new Error("it was taken for a message");
    },
  };
  expect(schemas.input.safeParse({ input: [output] }).data).toEqual({
    input: [{ type, call_id: "1", output: "" }],
  });
  const parameters = untouchable;
  const tools = [{ ...tool("f"), parameters, function: { name: "f", parameters } }];
  for (const field of ["messages", "input"] as const)
    expect(schemas[field].safeParse({ [field]: [user("Hi")], tools }).success).toBe(true);
});

test("the bounds are in the API's description", async () => {
  const reply = (await world().ask("GET", "/openapi.json")) as Response;
  const { paths } = (await reply.json()) as { paths: Record<string, { post: object }> };
  const list = { maxItems: 2_048, minItems: 1 };
  const description = "At most 2,048, with 4,096 content parts and tool calls in all of them together.";
  const asked = (properties: object) => ({
    requestBody: { required: true, content: { "application/json": { schema: { properties } } } },
  });
  const tools = { maxItems: 128 };
  expect(paths[chat]?.post).toMatchObject(asked({ messages: { description, ...list }, tools }));
  expect(paths[responses]?.post).toMatchObject(asked({ input: { description, anyOf: [{}, list] }, tools }));
});
