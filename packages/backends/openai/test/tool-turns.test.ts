import { expect, it } from "vitest";
import { createChatEngine, memory, tool, type ModelBackend } from "@parlor/core";
import { openai, openrouter } from "@parlor/openai";
import { toResponsesEvents, toResponsesRecord } from "@parlor/testkit/openai";
import { fakeProvider, type FakeProvider, type ProviderReply } from "@parlor/testkit/provider";
import { cleanUp } from "./support.ts";

const lookUp = tool({
  description: "Looks something up",
  input: { "~standard": { validate: (value) => ({ value }), jsonSchema: { input: () => ({ type: "object" }) } } },
  run: () => "found",
});

const sse = (body: readonly string[]): ProviderReply => ({ headers: { "content-type": "text/event-stream" }, body });

/** A turn of an engine in which the model thinks and calls a tool, then one more; what was asked each time. */
async function turns(
  make: (url: string) => ModelBackend,
  replies: readonly (readonly string[])[],
): Promise<readonly Record<string, unknown>[]> {
  const fake: FakeProvider<ProviderReply> = await fakeProvider({ reply: sse([]), render: (reply) => reply });
  fake.next(...replies.map(sse));
  const engine = createChatEngine({ backend: make(fake.url), tools: { look_up: lookUp }, storage: memory() });
  cleanUp(async () => {
    await engine.close({ drainMs: 0 });
    await fake.close();
  });
  for (const message of ["First", "Second"]) await engine.send({ owner: "ada", session: "s", message });
  return fake.requests.map(({ body }) => body as Record<string, unknown>);
}

it("hands OpenAI's encrypted thoughts back within a turn and in later ones, through the store", async () => {
  const record = (said: Parameters<typeof toResponsesEvents>[0]["said"]): string[] =>
    toResponsesEvents({ said }).map(toResponsesRecord);
  const [, second, third] = await turns(
    (url) => openai({ model: "gpt-5", api: "responses", baseURL: url, retries: 0 }),
    [
      record([{ reasoning: "hm" }, { call: { id: "c1", name: "look_up", fragments: ["{}"] } }]),
      record([{ reasoning: "so" }, { text: "Found." }]),
      record([{ text: "Again." }]),
    ],
  );
  const thought = (index: number, text: string): object => ({
    type: "reasoning",
    id: `rs_${index}`,
    summary: [{ type: "summary_text", text }],
    encrypted_content: `gAAAA-${index}`,
  });
  const turn = [
    { role: "user", content: "First" },
    thought(0, "hm"),
    { type: "function_call", call_id: "c1", name: "look_up", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: "found" },
  ];
  expect(second?.["input"]).toMatchObject(turn);
  expect(third?.["input"]).toMatchObject([
    ...turn,
    thought(0, "so"),
    { role: "assistant", content: "Found." },
    { role: "user", content: "Second" },
  ]);
});

it("hands OpenRouter's signed thoughts back within a turn, and not in later ones", async () => {
  const chunk = (delta: object, finish_reason: string | null = null): string =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const signed = [{ type: "reasoning.text", index: 0, text: "hm", signature: "sig" }];
  const call = { index: 0, id: "c1", type: "function", function: { name: "look_up", arguments: "{}" } };
  const [, second, third] = await turns(
    (url) => openrouter({ model: "anthropic/claude", baseURL: url, retries: 0 }),
    [
      [chunk({ reasoning: "hm", reasoning_details: signed }), chunk({ tool_calls: [call] }), chunk({}, "tool_calls")],
      [chunk({ content: "Found." }), chunk({}, "stop")],
      [chunk({ content: "Again." }), chunk({}, "stop")],
    ],
  );
  expect(second?.["messages"]).toMatchObject([
    { role: "user" },
    { role: "assistant", tool_calls: [{ id: "c1" }], reasoning_details: signed },
    { role: "tool", tool_call_id: "c1", content: "found" },
  ]);
  expect(JSON.stringify(third)).not.toContain("reasoning_details");
});
