import { createChatEngine, type ModelBackend, type PromptMessage, tool, type ToolSpec } from "@parlor/core";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { askFor, load, system, user } from "./support.ts";

/** It calls a function in the words of the library's own prompt, and says what it says once it has the result. */
const caller = { text: "Let me look. ||call: weather", answers: { clear: "Blue sky over Köln." } };
const city = z.enum(["Bonn", "Köln"]);
const allowed = { city: expect.stringMatching(/^(Bonn|Köln)$/) };

const weather: ToolSpec = {
  name: "weather",
  description: "The weather of a city",
  inputSchema: z.toJSONSchema(z.object({ city })) as ToolSpec["inputSchema"],
};
const zone: ToolSpec = { name: "zone", inputSchema: { type: "object", properties: {} } };
const tools = [weather, zone];

const asked = user("How is it?");
const call = { type: "tool-call", id: "call_1", name: "weather", input: { city: "Köln" } } as const;
const called: PromptMessage = { role: "assistant", parts: [{ type: "text", text: "Let me look." }, call] };
const result: PromptMessage = {
  role: "tool",
  parts: [{ type: "tool-result", id: "call_1", output: { sky: "clear" } }],
};

describe("tools", () => {
  let model: ModelBackend;
  beforeAll(async () => {
    model = await load(caller);
  });

  it("are called by the model, with input that its schema allows", async () => {
    const { text, calls, finish, batches, usage } = await askFor(model, { tools });

    expect(text.trim()).toBe("Let me look.");
    expect(calls).toEqual([
      { type: "tool-call", id: expect.stringMatching(/^call_/), name: "weather", input: allowed },
    ]);
    expect(finish).toBe("tool-calls");
    expect(batches.at(-1)?.slice(-2)).toEqual(["usage", "finish"]);
    expect(usage?.outputTokens).toBeGreaterThan(10);
  });

  it("have ids of their own, call by call", async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => askFor(model, { tools })));
    expect(new Set(answers.flatMap(({ calls }) => calls.map(({ id }) => id))).size).toBe(4);
  });

  it("without parameters are called with an empty object", async () => {
    expect((await askFor(model, { tools: [zone] })).calls).toMatchObject([{ name: "zone", input: {} }]);
  });

  it("are called by a model that thinks, after its thoughts", async () => {
    const thinker = await load({ text: "||call: weather", reasoning: "They want to know." });
    const { text, reasoning, calls, finish } = await askFor(thinker, { tools });
    expect({ text, reasoning, finish }).toEqual({ text: "", reasoning: "They want to know.", finish: "tool-calls" });
    expect(calls).toMatchObject([{ name: "weather", input: allowed }]);
  });

  it("give their results to the model, which goes on", async () => {
    const { text, finish, calls } = await askFor(model, { tools, messages: [asked, called, result] });
    expect({ text, finish, calls }).toEqual({ text: "Blue sky over Köln.", finish: "stop", calls: [] });
  });

  it.each(["none", undefined] as const)(
    "are not called where the choice is %s or there are none",
    async (toolChoice) => {
      const more = toolChoice && { tools, toolChoice };
      expect(await askFor(model, { ...more })).toMatchObject({ text: caller.text, finish: "stop", calls: [] });
    },
  );

  it("are told of in the prompt, which counts them", async () => {
    const plain = await askFor(model, { messages: [system("Be brief."), asked] });
    const told = await askFor(model, { messages: [system("Be brief."), asked], tools });
    const more = (told.usage?.inputTokens ?? 0) - (plain.usage?.inputTokens ?? 0);
    expect(more).toBeGreaterThan("The weather of a city".length);

    const small = await load(caller, { contextSize: 512 });
    const long = [user("x".repeat(300))];
    expect((await askFor(small, { messages: long })).finish).toBe("stop");
    await expect(askFor(small, { messages: long, tools })).rejects.toMatchObject({ code: "context_too_long" });
  });

  it("and what came of them are counted", async () => {
    const counts = await Promise.all([asked, called, result].map(async (message) => model.countTokens([message])));
    const { usage } = await askFor(model, { messages: [asked, called, result] });
    const sum = counts.reduce((all, count) => all + count, 0);
    expect(sum).toBeGreaterThanOrEqual(usage?.inputTokens ?? 0);
    expect(sum - (usage?.inputTokens ?? 0)).toBeLessThan(20);
  });

  it("are not called when the answer is cut off in the middle of a call", async () => {
    const whole = await askFor(model, { tools });
    for (let maxTokens = 4; maxTokens < (whole.usage?.outputTokens ?? 0) - 4; maxTokens += 3) {
      const { calls, finish } = await askFor(model, { tools, settings: { maxTokens } });
      expect({ calls, finish }).toEqual({ calls: [], finish: "length" });
    }
  });

  it("are not called when the context is full before the call is whole", async () => {
    const inputSchema = z.toJSONSchema(z.object({ counts: z.array(z.int()).min(300) })) as ToolSpec["inputSchema"];
    const small = await load(caller, { contextSize: 1_536 });
    const messages = [user("x".repeat(100))];
    const { calls, finish } = await askFor(small, { messages, tools: [{ name: "weather", inputSchema }] });
    expect({ calls, finish }).toEqual({ calls: [], finish: "length" });
  });

  it("and an answer in a format are not for the model to choose between", async () => {
    const responseFormat = { type: "json" } as const;
    await expect(askFor(model, { tools, responseFormat })).rejects.toMatchObject({ code: "unsupported_by_model" });
    const { text, calls } = await askFor(model, { tools, toolChoice: "none", responseFormat });
    expect([JSON.parse(text), calls]).toEqual([expect.any(Object), []]);
  });

  it("whose schema no grammar can keep are refused where it must be kept, before anything is generated", async () => {
    const inputSchema = { type: "object", properties: { city: { type: "string", pattern: "^K" } } } as const;
    const odd: ToolSpec = { name: "weather", inputSchema };
    await expect(askFor(model, { tools: [{ ...odd, strict: true }] })).rejects.toMatchObject({
      code: "unsupported_by_model",
      message: expect.stringContaining('The schema of the tool weather has "pattern"'),
    });
    expect((await askFor(model, { tools: [odd] })).calls).toMatchObject([{ name: "weather", input: {} }]);

    const $defs = { a: { $ref: "#/$defs/a" } };
    const endless: ToolSpec = { name: "weather", inputSchema: { properties: { a: { $ref: "#/$defs/a" } }, $defs } };
    await expect(askFor(model, { tools: [endless] })).rejects.toMatchObject({ code: "unsupported_by_model" });
  });

  it("can be stopped in the middle of a call", async () => {
    const inputSchema = z.toJSONSchema(z.object({ text: z.string().min(900) })) as ToolSpec["inputSchema"];
    const single = await load(caller, { sequences: 1 });
    const stop = new AbortController();
    const request = { messages: [asked], settings: {}, tools: [{ name: "weather", inputSchema }] };
    const reader = single.generate(request, stop.signal)[Symbol.asyncIterator]();
    await reader.next();
    stop.abort(new Error("enough"));
    await expect(
      (async () => {
        while (!(await reader.next()).done);
      })(),
    ).rejects.toThrow("enough");
    expect((await askFor(single, {})).text).toBe(caller.text);
  });
});

describe("a tool that must be called", () => {
  let model: ModelBackend;
  beforeAll(async () => {
    model = await load({ text: "I would rather talk.", reasoning: "Must I?" });
  });

  it("is called by a model that would not, once, without a word", async () => {
    const { text, calls, finish, usage } = await askFor(model, { tools, toolChoice: "required" });

    expect({ text, finish }).toEqual({ text: "", finish: "tool-calls" });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.id).toMatch(/^call_/);
    if (calls[0]?.name === "weather") expect(city.parse((calls[0].input as { city: string }).city)).toBeDefined();
    expect(usage?.outputTokens).toBeGreaterThan(5);
  });

  it.each(["weather", "zone"])("is %s where that is named", async (name) => {
    const { calls, finish } = await askFor(model, {
      messages: [system("Be brief."), asked],
      tools,
      toolChoice: { tool: name },
      settings: { stop: ["name"] },
    });
    expect({ names: calls.map((each) => each.name), finish }).toEqual({ names: [name], finish: "tool-calls" });
  });

  it("may have a schema with definitions, and a name that objects have", async () => {
    const $defs = {
      tree: { type: "object", properties: { next: { anyOf: [{ type: "null" }, { $ref: "#/$defs/tree" }] } } },
    };
    const inputSchema = { properties: { root: { $ref: "#/$defs/tree" } }, $defs } as const;
    for (const toolChoice of ["required", "auto"] as const) {
      const caller = await load({ text: "||call: __proto__" });
      const request = { tools: [{ name: "__proto__", inputSchema }], toolChoice };
      expect((await askFor(caller, request)).calls).toMatchObject([
        { name: "__proto__", input: { root: { next: null } } },
      ]);
    }
  });

  it("has to be one that there is", async () => {
    await expect(askFor(model, { tools, toolChoice: { tool: "news" } })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("is not called when the answer is cut off", async () => {
    const { text, calls, finish } = await askFor(model, {
      tools,
      toolChoice: "required",
      settings: { maxTokens: 8 },
    });
    expect({ text, calls, finish }).toEqual({ text: "", calls: [], finish: "length" });
  });
});

describe("a turn of the engine", () => {
  const looked: unknown[] = [];
  const look = tool({
    description: "The weather of a city",
    input: z.object({ city }),
    run: (input) => {
      looked.push(input);
      return { sky: "clear" };
    },
  });

  it.each([undefined, "required"] as const)(
    "runs what the model calls, and the model goes on with what it gave: %s",
    async (toolChoice) => {
      looked.length = 0;
      const engine = createChatEngine({ backend: await load(caller), tools: { weather: look } });
      const reply = await engine.send({
        owner: "ada",
        session: "s",
        message: "How is it?",
        ...(toolChoice && { toolChoice }),
      });
      expect(looked).toEqual([allowed]);
      expect(reply.text).toMatch(/Blue sky over Köln\.$/);
      const next = await engine.send({ owner: "ada", session: "s", message: "Thanks" });
      expect(next.text).toBe("Blue sky over Köln.");
      await engine.close({ drainMs: 0 });
    },
  );
});
