import type { ModelBackend } from "@parlor/core";
import { writeTinyGguf } from "@parlor/testkit/gguf";
import { beforeAll, describe, expect, it } from "vitest";
import { EventBuffer } from "../src/event-buffer.ts";
import { generate } from "../src/generate.ts";
import { load as loadModel } from "../src/load.ts";
import { resolveOptions } from "../src/options.ts";
import { buildPrompt } from "../src/prompt.ts";
import type { Slot } from "../src/sequences.ts";
import { ask, assistant, load, path, system, user } from "./support.ts";

describe("a context of 256 tokens", () => {
  let endless: ModelBackend;
  beforeAll(async () => {
    endless = await load({ endless: true }, { contextSize: 200 });
  });

  it("is what the model says it is", () => {
    expect(endless.info.contextWindow).toBe(256);
  });

  it("ends an answer at maxTokens", async () => {
    const { usage, finish, text } = await ask(endless, "hi", { maxTokens: 7 });

    expect({ finish, outputTokens: usage?.outputTokens }).toEqual({ finish: "length", outputTokens: 7 });
    expect(text).toBe("On and on it goes, round and round,");
  });

  it("ends an answer when it is full, and never drops anything", async () => {
    const { usage, finish, text } = await ask(endless, "hi");

    expect(finish).toBe("length");
    expect((usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)).toBe(255);
    expect(text.startsWith("On and on it goes, round and round, and never comes to an end. On and on")).toBe(true);
    expect(await ask(endless, "hi", { maxTokens: 1_000_000 })).toMatchObject({ finish, text });
  });

  it("refuses a prompt that leaves no room for an answer", async () => {
    const { usage } = await ask(endless, "x".repeat(200), { maxTokens: 1 });
    const around = (usage?.inputTokens ?? 0) - 200;
    const fits = 256 - 1 - 16 - around;

    expect(await ask(endless, "x".repeat(fits))).toMatchObject({ finish: "length", usage: { outputTokens: 16 } });
    await expect(ask(endless, "x".repeat(fits + 1))).rejects.toMatchObject({ code: "context_too_long", status: 422 });
    expect(await ask(endless, "x".repeat(fits + 1), { maxTokens: 2 })).toMatchObject({ usage: { outputTokens: 2 } });
  });

  it("refuses a huge prompt without tokenizing it in one go", async () => {
    await expect(ask(endless, "word ".repeat(200_000))).rejects.toMatchObject({ code: "context_too_long" });
  });

  it("ends the answer even when it is full sooner than reckoned", async () => {
    const modelPath = path("endless.gguf");
    await writeTinyGguf(modelPath, { endless: true });
    const loaded = await loadModel(resolveOptions({ modelPath, threads: 1, gpu: false, contextSize: 256 }));
    const prompt = await buildPrompt(loaded, [user("x".repeat(150))]);
    const out = new EventBuffer();
    const tooFew = { ...prompt, tokens: prompt.tokens.slice(0, 20) };
    const { signal } = new AbortController();
    await generate(loaded.slots[0] as Slot, { prompt: tooFew, plan: {}, settings: {}, signal, out });

    const events = (await out.take()) ?? [];
    const said = loaded.model.tokenize(events.map((event) => (event.type === "text" ? event.text : "")).join(""));
    expect(events.at(-1)).toEqual({ type: "finish", reason: "length" });
    expect(prompt.tokens.length + said.length).toBeGreaterThan(250);
    expect(prompt.tokens.length + said.length).toBeLessThanOrEqual(256);
    await loaded.model.dispose();
  });

  it("is not larger than what the model was trained for, unless asked for", async () => {
    expect((await load({ contextLength: 512 })).info.contextWindow).toBe(512);
  });
});

describe("countTokens", () => {
  let demo: ModelBackend;
  beforeAll(async () => {
    demo = await load();
  });

  it("adds up to the prompt but for its beginning and the head of the answer", async () => {
    const messages = [system("Be brief."), user("Who are you?"), assistant("A model."), user("你好 🦙")];
    const counts = await Promise.all(messages.map(async (message) => demo.countTokens([message])));
    const { usage } = await ask(demo, messages);

    const sum = counts.reduce((all, count) => all + count, 0);
    expect(await demo.countTokens(messages)).toBe(sum);
    // <s>, <|im_start|>, "assistant\n" come once; a role's name is longer or shorter than the average.
    expect(Math.abs(sum + 12 - (usage?.inputTokens ?? 0))).toBeLessThanOrEqual(messages.length * 3);
  });

  it.each([
    ["words", "tree ".repeat(20_000), 100_000],
    ["no space to cut at", "x".repeat(50_000), 50_000],
  ])("counts a long text in pieces: %s", async (_, text, tokens) => {
    expect((await demo.countTokens([user(text)])) - (await demo.countTokens([user("")]))).toBe(tokens);
  });

  it("counts nothing for nothing", async () => {
    expect(await demo.countTokens([])).toBe(0);
  });
});
