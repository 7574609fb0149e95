import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  BackendEvent,
  FinishReason,
  GenerateRequest,
  ModelBackend,
  ModelSettings,
  PromptMessage,
  Usage,
} from "@parlor/core";
import type { LocalModel } from "@parlor/testkit/backend";
import { type TinyGgufOptions, writeTinyGguf } from "@parlor/testkit/gguf";
import { afterAll } from "vitest";
import { llama, type LlamaOptions } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "parlor-llama-"));
const opened: ModelBackend[] = [];
let files = 0;

afterAll(async () => {
  await Promise.all(opened.map((backend) => backend.close()));
  rmSync(folder, { recursive: true });
});

/** A path in this file's own folder. */
export const path = (name: string) => join(folder, name);

/** Writes a tiny model and loads it on one thread; closed by itself when the tests of the file are done. */
export async function load(model: TinyGgufOptions = {}, options: Partial<LlamaOptions> = {}): Promise<ModelBackend> {
  const modelPath = path(`model-${(files += 1)}.gguf`);
  await writeTinyGguf(modelPath, model);
  const backend = await llama({ modelPath, threads: 1, gpu: false, ...options });
  opened.push(backend);
  return backend;
}

/** A model of the backend suite. It calls a tool in the words of the library's own prompt. */
export const play = ({ text, calls, ...model }: LocalModel): Promise<ModelBackend> =>
  load({ ...model, text: calls === undefined ? text : `${text}||call: ${calls}` });

export const user = (text: string): PromptMessage => ({ role: "user", parts: [{ type: "text", text }] });
export const assistant = (text: string): PromptMessage => ({ role: "assistant", parts: [{ type: "text", text }] });
export const system = (text: string): PromptMessage => ({ role: "system", parts: [{ type: "text", text }] });

export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  readonly usage: Usage | undefined;
  readonly finish: FinishReason | undefined;
  readonly calls: readonly Extract<BackendEvent, { type: "tool-call" }>[];
  /** Types of the events, one list per batch. */
  readonly batches: readonly (readonly string[])[];
}

/** Asks and reads to the end. */
export async function ask(
  backend: ModelBackend,
  messages: string | readonly PromptMessage[],
  settings: ModelSettings = {},
  signal: AbortSignal = new AbortController().signal,
  more: Omit<GenerateRequest, "messages" | "settings"> = {},
): Promise<Answer> {
  const request = { messages: typeof messages === "string" ? [user(messages)] : messages, settings, ...more };
  let [text, reasoning] = ["", ""];
  let usage: Usage | undefined;
  let finish: FinishReason | undefined;
  const calls: Extract<BackendEvent, { type: "tool-call" }>[] = [];
  const batches: string[][] = [];
  for await (const batch of backend.generate(request, signal)) {
    batches.push(batch.map((event) => event.type));
    for (const event of batch) {
      if (event.type === "text") text += event.text;
      if (event.type === "reasoning") reasoning += event.text;
      if (event.type === "tool-call") calls.push(event);
      if (event.type === "usage") usage = event.usage;
      if (event.type === "finish") finish = event.reason;
    }
  }
  return { text, reasoning, usage, finish, calls, batches };
}

/** Asks for something other than text. */
export function askFor(
  backend: ModelBackend,
  { messages = [user("hi")], settings = {}, ...more }: Partial<GenerateRequest>,
  signal?: AbortSignal,
): Promise<Answer> {
  return ask(backend, messages, settings, signal, more);
}

/** Starts an answer and waits for its first batch, which says that it has a sequence. */
export async function start(backend: ModelBackend, text: string, signal: AbortSignal = new AbortController().signal) {
  const reader = backend.generate({ messages: [user(text)], settings: {} }, signal)[Symbol.asyncIterator]();
  const first = await reader.next();
  if (first.done) throw new Error("The answer ended before it began.");
  return reader;
}
