import type { ModelBackend, Part, PromptMessage } from "@parlor/core";
import type { OpenAIOptions } from "@parlor/openai";
import { fakeOpenAI, type FakeReply } from "@parlor/testkit/openai";
import { fakeProvider, type FakeProvider, type ProviderReply } from "@parlor/testkit/provider";
import { ask, cleanUp, says, type Outcome } from "../support.ts";

export type Preset = (options: OpenAIOptions & { readonly baseURL: string }) => ModelBackend;

/** A preset before a fake that sends these bytes. */
export async function before(preset: Preset, model: string, reply: ProviderReply, retries = 0) {
  const fake: FakeProvider<ProviderReply> = await fakeProvider({ reply, render: (bytes: ProviderReply) => bytes });
  const backend = preset({ model, baseURL: `${fake.url}/v1`, retries });
  cleanUp(async () => {
    await backend.close();
    await fake.close();
  });
  return { fake, backend };
}

export async function answer(preset: Preset, model: string, reply: FakeReply): Promise<Outcome> {
  const fake = await fakeOpenAI({ reply });
  const backend = preset({ model, baseURL: fake.url, retries: 0 });
  cleanUp(async () => {
    await backend.close();
    await fake.close();
  });
  return ask(backend);
}

export const sse = (...chunks: readonly object[]): ProviderReply => ({
  headers: { "content-type": "text/event-stream" },
  body: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`),
});

export const json = (body: object, status = 200): ProviderReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** A turn in which a tool has answered. */
export function turnWith(...thoughts: readonly Part[]): PromptMessage[] {
  return [
    says("Hi"),
    { role: "assistant", parts: [...thoughts, { type: "tool-call", id: "c1", name: "f", input: {} }] },
    { role: "tool", parts: [{ type: "tool-result", id: "c1", output: "x" }] },
  ];
}
