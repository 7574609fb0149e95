import OpenAI from "openai";
import { expect, onTestFinished, test } from "vitest";
import { failure, fakeResponses } from "@parlor/testkit/openai";

/** The official client, which is strict about the order of events. */
async function client() {
  const fake = await fakeResponses();
  onTestFinished(fake.close);
  return { fake, client: new OpenAI({ apiKey: "sk-1", baseURL: fake.url, maxRetries: 0 }) };
}

test("the official client puts the fake's stream together", async () => {
  const { fake, client: openai } = await client();
  fake.next({
    said: [
      { reasoning: "hm" },
      { text: "Hel" },
      { text: "lo" },
      { call: { id: "c1", name: "f", fragments: ["{", "}"] } },
    ],
    usage: { inputTokens: 9, outputTokens: 3, cachedInputTokens: 4, reasoningTokens: 1 },
    wire: { split: 7 },
  });
  const response = await openai.responses.stream({ model: "m", input: "Hi" }).finalResponse();
  expect(response.output_text).toBe("Hello");
  expect(response.output.map((item) => item.type)).toEqual(["reasoning", "message", "function_call"]);
  expect(response.output[2]).toMatchObject({ call_id: "c1", name: "f", arguments: "{}" });
  expect(response.usage).toMatchObject({ input_tokens: 9, output_tokens_details: { reasoning_tokens: 1 } });
});

test("it answers in one piece, fails as told, and knows no other path", async () => {
  const { fake, client: openai } = await client();
  expect((await openai.responses.create({ model: "m", input: "Hi" })).output_text).toBe("Hello from the fake.");
  const { status = 0, headers = {}, body = "" } = failure(429, { code: "rate_limit_exceeded" });
  fake.next({ status, headers, body });
  await expect(openai.responses.create({ model: "m", input: "Hi" })).rejects.toMatchObject({ status: 429 });
  await expect(openai.models.list()).rejects.toMatchObject({ status: 404 });
  expect(fake.requests).toHaveLength(3);
});
