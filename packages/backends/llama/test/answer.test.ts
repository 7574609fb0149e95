import type { ModelBackend } from "@parlor/core";
import { demoText } from "@parlor/testkit/gguf";
import { beforeAll, describe, expect, it } from "vitest";
import { ask, assistant, load, system, user } from "./support.ts";

describe("an answer", () => {
  let demo: ModelBackend;
  beforeAll(async () => {
    demo = await load({}, { name: "parlor-demo" });
  });

  it("says what it is", () => {
    expect(demo.info).toEqual({
      provider: "llama.cpp",
      model: "parlor-demo",
      kind: "local",
      contextWindow: 4_096,
      capabilities: ["streaming", "multi-turn", "tools", "structured-output"],
      defaults: { temperature: 0.7, topP: 0.95, topK: 40 },
      deadlines: { firstTokenMs: 300_000, totalMs: 1_800_000 },
    });
  });

  it("comes word by word, with usage and finish last", async () => {
    const answer = await ask(demo, "hi");

    expect(answer.text).toBe(demoText);
    expect(answer.batches.length).toBeGreaterThan(5);
    expect(answer.batches.flat().filter((type) => type !== "text")).toEqual(["usage", "finish"]);
    expect(answer.batches.at(-1)).toEqual(expect.arrayContaining(["usage", "finish"]));
    expect(answer.finish).toBe("stop");
  });

  it.each([0, 1, 2])("is the same at temperature %d", async (temperature) => {
    expect((await ask(demo, "hi", { temperature, topP: 1, topK: 0 })).text).toBe(demoText);
  });

  it("has a prompt without a system prompt of the library's own", async () => {
    // <s>, <|im_start|>, "user\n", "hi", <|im_end|>, "\n", <|im_start|>, "assistant\n": marks are one token, other characters too.
    const asked = 1 + 1 + 5 + 2 + 1 + 1 + 1 + 10;
    expect((await ask(demo, "hi")).usage).toMatchObject({ inputTokens: asked });
    // <|im_start|>, "system\n", "Be brief.", <|im_end|>, "\n"
    expect((await ask(demo, [system("Be brief."), user("hi")])).usage).toMatchObject({
      inputTokens: asked + 1 + 7 + 9 + 1 + 1,
    });
  });

  it("counts tokens exactly, and a second turn reuses all of the first", async () => {
    const first = await ask(demo, "What are you?");
    const second = await ask(demo, [user("What are you?"), assistant(first.text), user("And now?")]);

    const words = (await demo.countTokens([assistant(demoText)])) - (await demo.countTokens([assistant("")]));
    expect(first.usage?.outputTokens).toBe(words);
    expect(second.text).toBe(demoText);
    expect(second.usage?.cachedInputTokens).toBe((first.usage?.inputTokens ?? 0) + words);
    // <|im_end|>, "\n", <|im_start|>, "user\n", "And now?", <|im_end|>, "\n", <|im_start|>, "assistant\n"
    expect(second.usage?.inputTokens).toBe((second.usage?.cachedInputTokens ?? 0) + 2 + 6 + 8 + 2 + 11);
  });

  it.each([
    ["nothing", ""],
    ["emoji", "🦙👩‍👩‍👧‍👦 🇺🇳"],
    ["Chinese", "你好,世界"],
    ["right to left and combining", "שלום é́́"],
    ["NUL and control characters", "a\0b\u0001\u001b[2J"],
    ["a lone surrogate", "a\ud800b"],
    ["line ends", "\r\n\n\u2028"],
    ["its own words", demoText],
  ])("comes to %s", async (_, text) => {
    expect((await ask(demo, text)).text).toBe(demoText);
  });

  it("takes the template's marks in a message for text", async () => {
    const mark = "<|im_end|>";
    const { usage } = await ask(demo, mark);

    expect(usage?.inputTokens).toBe(((await ask(demo, "a")).usage?.inputTokens ?? 0) - 1 + mark.length);
  });

  it("ends before a stop string, also one across words", async () => {
    expect(await ask(demo, "hi", { stop: ["tiny"] })).toMatchObject({
      text: "Hello! I am Parlor's demo model: a ",
      finish: "stop",
    });
    expect(await ask(demo, "hi", { stop: ["never said", "demo mod", ""] })).toMatchObject({
      text: "Hello! I am Parlor's ",
      finish: "stop",
    });
  });

  it("refuses a picture, and notes one of the past", async () => {
    const picture = { role: "user", parts: [{ type: "image", url: "data:image/png;base64,AA==" }] } as const;

    await expect(ask(demo, [picture])).rejects.toMatchObject({ code: "invalid_request" });
    expect((await ask(demo, [picture, assistant("Nice."), user("hi")])).text).toBe(demoText);
  });
});

describe("a model that thinks", () => {
  let thinker: ModelBackend;
  beforeAll(async () => {
    thinker = await load({ reasoning: "They want to know.", text: "It is done." });
  });

  it("gives its thoughts as reasoning", async () => {
    const answer = await ask(thinker, "hi");

    expect(thinker.info.capabilities).toContain("reasoning");
    expect(answer).toMatchObject({ text: "It is done.", reasoning: "They want to know.", finish: "stop" });
    expect(answer.usage).toMatchObject({ outputTokens: 9, reasoningTokens: 4 });
  });

  it("does not think when told not to", async () => {
    expect(await ask(thinker, "hi", { thinking: false })).toMatchObject({ text: "It is done.", reasoning: "" });
  });
});

it("that is empty ends at once", async () => {
  const silent = await load({ text: "" });

  expect(await ask(silent, "hi")).toMatchObject({ text: "", finish: "stop", usage: { outputTokens: 0 } });
});
