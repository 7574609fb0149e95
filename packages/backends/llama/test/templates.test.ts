import type { BackendEvent, GenerateRequest, PromptMessage } from "@parlor/core";
import { writeTinyGguf } from "@parlor/testkit/gguf";
import * as library from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EventBuffer } from "../src/event-buffer.ts";
import { generate } from "../src/generate.ts";
import { Grammars } from "../src/grammars.ts";
import { load as loadModel, type LoadedModel } from "../src/load.ts";
import { resolveOptions } from "../src/options.ts";
import { toPlan } from "../src/plan.ts";
import { buildPrompt, toReader } from "../src/prompt.ts";
import { path, system, user } from "./support.ts";

const wrappers = [
  library.AlpacaChatWrapper,
  library.ChatMLChatWrapper,
  library.DeepSeekChatWrapper,
  library.EmptyChatWrapper,
  library.FalconChatWrapper,
  library.FunctionaryChatWrapper,
  library.GemmaChatWrapper,
  library.GeneralChatWrapper,
  library.HarmonyChatWrapper,
  library.Llama2ChatWrapper,
  library.Llama3ChatWrapper,
  library.Llama3_1ChatWrapper,
  library.MistralChatWrapper,
  library.QwenChatWrapper,
  library.SeedChatWrapper,
];

const call = { type: "tool-call", id: "call_1", name: "weather", input: { city: "Köln" } } as const;
const asked = [system("Be brief."), user("How is it?")];
const answered: readonly PromptMessage[] = [
  ...asked,
  { role: "assistant", parts: [call] },
  { role: "tool", parts: [{ type: "tool-result", id: "call_1", output: { sky: "clear" } }] },
];
const tools = [{ name: "weather", inputSchema: { type: "object", properties: { city: { enum: ["Köln"] } } } }] as const;

/** The words of a template are foreign to a tiny model, but the library treats them as it would with theirs. */
describe.each(wrappers.map((Wrapper) => [Wrapper.name, Wrapper] as const))("the template of %s", (_, Wrapper) => {
  let loaded: LoadedModel;
  beforeAll(async () => {
    const modelPath = path("model.gguf");
    await writeTinyGguf(modelPath, { text: "So it says.", contextLength: 4_096 });
    const options = { modelPath, threads: 1, gpu: false, sequences: 1, contextSize: 4_096 } as const;
    loaded = await loadModel(resolveOptions(options));
  });
  afterAll(() => loaded.model.dispose());

  async function ask(messages: readonly PromptMessage[], request: Partial<GenerateRequest>) {
    const wrapper = new Wrapper();
    const [slot] = loaded.slots;
    if (!slot) throw new Error("There is no sequence.");
    const chat = new library.LlamaChat({ contextSequence: slot.sequence, chatWrapper: wrapper });
    const plan = await toPlan(request, new Grammars(loaded.model.llama));
    const prompt = await buildPrompt(toReader(loaded.model, wrapper, 4_096), messages, plan);
    const out = new EventBuffer();
    const { signal } = new AbortController();
    await generate({ sequence: slot.sequence, chat }, { prompt, plan, settings: { maxTokens: 200 }, signal, out });
    chat.dispose();
    return (await out.take()) ?? [];
  }
  const textOf = (events: readonly BackendEvent[]) =>
    events.map((event) => (event.type === "text" ? event.text : "")).join("");

  it("takes JSON by a grammar, also after tools, and without a thought", async () => {
    for (const messages of [asked, answered]) {
      const events = await ask(messages, { responseFormat: { type: "json" } });
      expect(JSON.parse(textOf(events))).toEqual({ "So it says.": "So it says." });
      expect(events.at(-1)).toEqual({ type: "finish", reason: "stop" });
    }
  });

  it("takes a call that is forced", async () => {
    const events = await ask(asked, { tools, toolChoice: "required" });
    expect(events.slice(0, 1)).toMatchObject([{ type: "usage" }]);
    expect(events.slice(1)).toMatchObject([
      { type: "tool-call", name: "weather", input: { city: "Köln" } },
      { type: "finish", reason: "tool-calls" },
    ]);
  });

  it("tells of tools and of what came of them", async () => {
    const events = await ask(answered, { tools });
    expect(events.at(-1)).toMatchObject({ type: "finish" });
  });
});
