import { describe, expect, it } from "vitest";
import type { GenerateRequest, ModelSettings, PromptMessage } from "@parlor/core";
import type { GoogleOptions } from "@parlor/google";
import { ask, pair, says } from "./support.ts";

/** What was sent. */
async function sent(request: Partial<GenerateRequest> = {}, options: Partial<GoogleOptions> = {}) {
  const { fake, backend } = await pair({}, options);
  const { error } = await ask(backend, request);
  if (error) throw error;
  return (await fake.request(0)).body as Record<string, unknown>;
}

const said = (text: string): PromptMessage => ({ role: "assistant", parts: [{ type: "text", text }] });
const system = (text: string): PromptMessage => ({ role: "system", parts: [{ type: "text", text }] });

describe("messages", () => {
  it("are of user and model by turns, system apart", async () => {
    const messages = [system("Be brief."), says("A"), said("B"), said("C"), says("D"), says("E")];
    expect(await sent({ messages })).toMatchObject({
      systemInstruction: { parts: [{ text: "Be brief." }] },
      contents: [
        { role: "user", parts: [{ text: "A" }] },
        { role: "model", parts: [{ text: "B" }, { text: "C" }] },
        { role: "user", parts: [{ text: "D" }, { text: "E" }] },
      ],
    });
  });

  it("of the system are one instruction, wherever they stand", async () => {
    const { contents, systemInstruction } = await sent({
      messages: [system("A"), says("Hi"), system("B"), says("Now")],
    });
    expect(systemInstruction).toEqual({ parts: [{ text: "A\n\nB" }] });
    expect(contents).toEqual([{ role: "user", parts: [{ text: "Hi" }, { text: "Now" }] }]);
  });

  it("without text are left out, as are thoughts that carry no signature", async () => {
    const thought: PromptMessage = { role: "assistant", parts: [{ type: "reasoning", text: "Hm" }] };
    const { contents } = await sent({ messages: [says("A"), said(""), thought, says("B")] });
    expect(contents).toEqual([{ role: "user", parts: [{ text: "A" }, { text: "B" }] }]);
  });

  it("have to be there", async () => {
    await expect(sent({ messages: [system("A")] })).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("media", () => {
  const media = async (part: PromptMessage["parts"][number]): Promise<unknown> => {
    const { contents } = await sent({ messages: [{ role: "user", parts: [part] }] });
    return (contents as { parts: unknown[] }[])[0]?.parts[0];
  };

  it.each([
    ["data:image/PNG;base64,iVBO", undefined, { mimeType: "image/png", data: "iVBO" }],
    ["data:audio/wav;base64,UklG", "audio/x-wav", { mimeType: "audio/x-wav", data: "UklG" }],
    ["data:text/html;charset=utf-8,%3Cb%3Eh%C3%A9", undefined, { mimeType: "text/html", data: "PGI+aMOp" }],
    ["data:,hi", undefined, { mimeType: "text/plain", data: "aGk=" }],
    ["data:application/pdf;name=a.pdf;base64,JVBE%2B%3D", undefined, { mimeType: "application/pdf", data: "JVBE+=" }],
  ])("of %s goes along", async (url, mediaType, inlineData) => {
    expect(await media({ type: "file", url, ...(mediaType && { mediaType }) })).toEqual({ inlineData });
  });

  it.each([
    "https://example.com/a.png",
    "gs://bucket/a.png",
    "https://generativelanguage.googleapis.com/v1beta/files/a",
  ])("at %s is passed on", async (url) => {
    expect(await media({ type: "image", url, mediaType: "image/png" })).toEqual({
      fileData: { fileUri: url, mimeType: "image/png" },
    });
    expect(await media({ type: "image", url })).toEqual({ fileData: { fileUri: url } });
  });

  it.each([
    "file:///etc/passwd",
    "ftp://a/b",
    "data:image/png",
    "data:text/plain,%E0%A4%A",
    "data:image/png;base64,no base64!",
    "a.png",
  ])("at %s is refused", async (url) => {
    await expect(media({ type: "image", url })).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("tools", () => {
  const tools = [
    { name: "a", description: "A", inputSchema: { type: "object" } },
    { name: "b", inputSchema: {} },
  ];
  const choice = async (more: Partial<GenerateRequest>): Promise<unknown> =>
    (await sent({ tools, ...more }))["toolConfig"];

  it("are declared with their JSON Schema", async () => {
    expect((await sent({ tools }))["tools"]).toEqual([
      {
        functionDeclarations: [
          { name: "a", description: "A", parametersJsonSchema: { type: "object" } },
          { name: "b", parametersJsonSchema: {} },
        ],
      },
    ]);
  });

  it("are chosen as asked", async () => {
    expect(await choice({})).toEqual({ functionCallingConfig: { mode: "AUTO" } });
    expect(await choice({ toolChoice: "none" })).toEqual({ functionCallingConfig: { mode: "NONE" } });
    expect(await choice({ toolChoice: "required" })).toEqual({ functionCallingConfig: { mode: "ANY" } });
    expect(await choice({ toolChoice: { tool: "b" } })).toEqual({
      functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["b"] },
    });
    const strict = [{ name: "a", inputSchema: {}, strict: true }];
    expect(await choice({ tools: strict })).toEqual({ functionCallingConfig: { mode: "VALIDATED" } });
  });

  const called: PromptMessage = {
    role: "assistant",
    parts: [
      { type: "text", text: "Wait" },
      { type: "tool-call", id: "x", name: "a", input: { n: 1 } },
      { type: "tool-call", id: "y", name: "b", input: "half a JSON {" },
    ],
  };
  const results: PromptMessage = {
    role: "tool",
    parts: [
      { type: "tool-result", id: "x", output: [1] },
      { type: "tool-result", id: "y", output: "No", isError: true },
    ],
  };
  const expected = [
    { functionResponse: { name: "a", response: { output: [1] } } },
    { functionResponse: { name: "b", response: { error: "No" } } },
  ];

  it("give results as the user, by the function's name", async () => {
    const { contents } = await sent({ messages: [says("Hi"), called, results, says("Go on")] });
    expect((contents as unknown[]).slice(1)).toMatchObject([
      { role: "model", parts: [{ text: "Wait" }, { functionCall: { name: "a" } }, { functionCall: { name: "b" } }] },
      { role: "user", parts: [...expected, { text: "Go on" }] },
    ]);
  });

  it("may be called and answered within one message", async () => {
    const parts = [...called.parts, ...results.parts, { type: "text", text: "Done" } as const];
    const { contents } = await sent({ messages: [says("Hi"), { role: "assistant", parts }, says("Thanks")] });
    expect((contents as { role: string }[]).map(({ role }) => role)).toEqual([
      "user",
      "model",
      "user",
      "model",
      "user",
    ]);
  });

  it("of another model get Google's word for a missing signature, on each step's first call", async () => {
    const { contents } = await sent({ messages: [says("Hi"), called, results, called, results] });
    expect((contents as unknown[]).slice(1)).toMatchObject([
      {
        parts: [
          { text: "Wait" },
          { functionCall: { name: "a", args: { n: 1 } }, thoughtSignature: "skip_thought_signature_validator" },
          { functionCall: { name: "b", args: { input: "half a JSON {" } } },
        ],
      },
      { parts: expected },
      { parts: [{}, { thoughtSignature: "skip_thought_signature_validator" }, {}] },
      { parts: expected },
    ]);
    expect(
      JSON.stringify(await sent({ messages: [says("Hi"), called, results] }, { model: "gemini-2.5-pro" })),
    ).not.toContain("thoughtSignature");
  });

  it("must have been called before they give a result", async () => {
    await expect(sent({ messages: [says("Hi"), results] })).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("settings", () => {
  const config = async (settings: ModelSettings, options: Partial<GoogleOptions> = {}): Promise<unknown> =>
    (await sent({ settings }, options))["generationConfig"];
  const plain = { model: "gemma-3-27b-it" };

  it("have names of their own", async () => {
    const settings: ModelSettings = {
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      maxTokens: 77,
      stop: ["END"],
      presencePenalty: 1,
      frequencyPenalty: -1,
      seed: 7,
    };
    const written = {
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      maxOutputTokens: 77,
      stopSequences: ["END"],
      presencePenalty: 1,
      frequencyPenalty: -1,
      seed: 7,
    };
    expect(await config(settings, plain)).toEqual(written);
    expect(await config({ maxTokens: 1 }, { ...plain, settings })).toEqual({ ...written, maxOutputTokens: 1 });
  });

  it("ask for JSON, with a schema if there is one", async () => {
    const schema = { type: "object", properties: { n: { type: "number" } }, additionalProperties: false };
    const { generationConfig: json } = await sent({ responseFormat: { type: "json" } }, plain);
    expect(json).toEqual({ responseMimeType: "application/json" });
    const responseFormat = { type: "json-schema", name: "x", schema } as const;
    const { generationConfig } = await sent({ responseFormat }, plain);
    expect(generationConfig).toEqual({ responseMimeType: "application/json", responseJsonSchema: schema });
  });

  it("leave safety to Google unless told", async () => {
    expect(await sent()).not.toHaveProperty("safetySettings");
    const safetySettings = [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }];
    expect(await sent({}, { safetySettings })).toMatchObject({ safetySettings });
  });

  it("take more fields, which win", async () => {
    const extraBody = { cachedContent: "cachedContents/a", generationConfig: { temperature: 2 } };
    expect(await sent({ settings: { temperature: 1, topP: 1 } }, { extraBody })).toMatchObject({
      cachedContent: "cachedContents/a",
      generationConfig: { temperature: 2, topP: 1 },
    });
  });
});

describe("thinking", () => {
  const thinking = async (model: string, settings: ModelSettings = {}, thoughts = true): Promise<unknown> => {
    const { generationConfig } = await sent({ settings }, { model, thoughts });
    return (generationConfig as { thinkingConfig?: unknown } | undefined)?.thinkingConfig;
  };

  it.each<[model: string, settings: ModelSettings, config: object | undefined]>([
    ["gemini-3.8-flash", {}, { includeThoughts: true }],
    ["gemini-3.8-flash", { thinking: true }, { includeThoughts: true }],
    ["gemini-3.8-flash", { thinking: false }, { includeThoughts: false, thinkingLevel: "LOW" }],
    ["gemini-3.8-flash", { effort: "minimal" }, { includeThoughts: true, thinkingLevel: "LOW" }],
    ["gemini-3.8-flash", { effort: "max" }, { includeThoughts: true, thinkingLevel: "HIGH" }],
    ["gemini-flash-latest", { effort: "high" }, { includeThoughts: true, thinkingLevel: "HIGH" }],
    ["gemini-4-neon", { effort: "max" }, { includeThoughts: true, thinkingLevel: "XHIGH" }],
    ["gemini-3.5-flash-lite", { thinking: true }, { includeThoughts: true, thinkingLevel: "MEDIUM" }],
    ["gemini-3.5-flash-lite", { thinking: false }, { includeThoughts: false, thinkingLevel: "MINIMAL" }],
    ["gemini-3-pro-preview", { effort: "medium" }, { includeThoughts: true, thinkingLevel: "LOW" }],
    ["gemini-2.5-flash", {}, { includeThoughts: true }],
    ["gemini-2.5-flash", { thinking: true }, { includeThoughts: true, thinkingBudget: -1 }],
    ["gemini-2.5-flash", { thinking: false }, { includeThoughts: false, thinkingBudget: 0 }],
    ["gemini-2.5-flash", { effort: "medium" }, { includeThoughts: true, thinkingBudget: 8192 }],
    ["gemini-2.5-flash", { effort: "xhigh" }, { includeThoughts: true, thinkingBudget: 24_576 }],
    ["gemini-2.5-pro", { effort: "none" }, { includeThoughts: false, thinkingBudget: 128 }],
    ["models/gemini-2.5-pro", { effort: "max" }, { includeThoughts: true, thinkingBudget: 32_768 }],
    ["gemini-2.0-flash", {}, undefined],
    ["gemini-2.5-flash-image", {}, undefined],
    ["some-other-model", {}, undefined],
    ["some-other-model", { thinking: true }, { includeThoughts: true }],
    ["some-other-model", { effort: "low" }, { includeThoughts: true, thinkingBudget: 1024 }],
  ])("of %s with %o", async (model, settings, config) => {
    expect(await thinking(model, settings)).toEqual(config);
  });

  it("is not told where nobody wants to see it", async () => {
    expect(await thinking("gemini-3.8-flash", {}, false)).toEqual({ includeThoughts: false });
  });
});
