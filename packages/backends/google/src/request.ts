import { ChatError, type GenerateRequest, type Part, type PromptMessage, type ProviderMeta } from "@parlor/core";
import type { Content, GenerationConfig, Part as WirePart, RequestBody, SafetySetting } from "./gemini.ts";
import { toMedia } from "./media.ts";
import { toThinking, wantsSignatures } from "./models.ts";

export interface RequestOptions {
  readonly model: string;
  readonly settings: GenerateRequest["settings"];
  readonly safetySettings: readonly SafetySetting[];
  /** Whether thoughts are to be told. */
  readonly thoughts: boolean;
}

/**
 * Google's word for a call that another model made, where its own models refuse a call without a signature:
 * https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
 */
const foreign = "skip_thought_signature_validator";

/** The body of a `generateContent` call. Thoughts go back only where they carry a signature. */
export function toBody(request: GenerateRequest, options: RequestOptions): RequestBody {
  const { messages, tools = [], toolChoice = "auto" } = request;
  const contents = toContents(messages, options.model);
  if (contents.length === 0) throw new ChatError("invalid_request", "There is no message to answer. Send one.");
  const system = messages.flatMap(({ role, parts }) => (role === "system" ? parts : []));
  return {
    contents,
    ...(system.length > 0 && { systemInstruction: { parts: [{ text: system.map(textOf).join("\n\n") }] } }),
    ...(tools.length > 0 && {
      tools: [{ functionDeclarations: tools.map(toDeclaration) }],
      toolConfig: { functionCallingConfig: toCalling(tools, toolChoice) },
    }),
    ...(options.safetySettings.length > 0 && { safetySettings: options.safetySettings }),
    generationConfig: toConfig(request, options),
  };
}

function toConfig({ settings: own, responseFormat: format }: GenerateRequest, options: RequestOptions) {
  const settings = { ...options.settings, ...own };
  const { temperature, topP, topK, maxTokens, stop, presencePenalty, frequencyPenalty, seed } = settings;
  const thinkingConfig = toThinking(options.model, settings, options.thoughts);
  const config: GenerationConfig = {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
    ...(stop !== undefined && stop.length > 0 && { stopSequences: [...stop] }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(seed !== undefined && { seed }),
    ...(format && { responseMimeType: "application/json" }),
    ...(format?.type === "json-schema" && { responseJsonSchema: format.schema }),
    ...(thinkingConfig && { thinkingConfig }),
  };
  return config;
}

type Tools = NonNullable<GenerateRequest["tools"]>;

function toDeclaration({ name, description, inputSchema }: Tools[number]) {
  return { name, ...(description !== undefined && { description }), parametersJsonSchema: inputSchema };
}

function toCalling(tools: Tools, choice: NonNullable<GenerateRequest["toolChoice"]>) {
  if (typeof choice === "object") return { mode: "ANY", allowedFunctionNames: [choice.tool] };
  if (choice === "required") return { mode: "ANY" };
  if (choice === "none") return { mode: "NONE" };
  return { mode: tools.some(({ strict }) => strict) ? "VALIDATED" : "AUTO" };
}

/** Google knows two roles, and wants them to take turns: what one says in several messages is one content. */
function toContents(messages: readonly PromptMessage[], model: string): Content[] {
  const calls = callsOf(messages);
  const contents: { role: Content["role"]; parts: WirePart[] }[] = [];
  const say = (role: Content["role"], parts: readonly WirePart[]): void => {
    if (parts.length === 0) return;
    const last = contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else contents.push({ role, parts: [...parts] });
  };
  for (const message of messages) {
    if (message.role === "system") continue;
    if (message.role === "user") say("user", message.parts.flatMap(toUserPart));
    else for (const { role, parts } of toSteps(message, calls, wantsSignatures(model))) say(role, parts);
  }
  return contents;
}

type Call = Extract<Part, { type: "tool-call" }>;

/** A result says only whose it is; Google wants the function's name. */
function callsOf(messages: readonly PromptMessage[]): ReadonlyMap<string, Call> {
  const calls = messages.flatMap(({ parts }) => parts.filter((part) => part.type === "tool-call"));
  return new Map(calls.map((call) => [call.id, call]));
}

/** An assistant's or a tool's parts: what the model said, then results, which the user says. */
function toSteps(message: PromptMessage, calls: ReadonlyMap<string, Call>, signed: boolean): Content[] {
  const steps: { role: Content["role"]; parts: WirePart[] }[] = [];
  const say = (role: Content["role"], ...parts: readonly WirePart[]): void => {
    if (parts.length === 0) return;
    const last = steps.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else steps.push({ role, parts: [...parts] });
  };
  for (const part of message.parts) {
    if (part.type === "text" || part.type === "reasoning") say("model", ...toSaid(part));
    else if (part.type === "tool-call") say("model", toCall(part, signed && firstOfStep(steps)));
    else if (part.type === "tool-result") say("user", toResult(part, calls));
  }
  return steps;
}

/** Thoughts count only with their signature. One that came on a part without text goes back on such a part. */
function toSaid({ type, text, meta }: Extract<Part, { type: "text" | "reasoning" }>): WirePart[] {
  const { thoughtSignature, apart } = fieldsOf(meta);
  const thought = type === "reasoning" && { thought: true };
  if (thoughtSignature === undefined) return thought || text === "" ? [] : [{ text }];
  if (!apart) return [{ text, ...thought, thoughtSignature }];
  return [...(text === "" ? [] : [{ text, ...thought }]), { text: "", ...thought, thoughtSignature }];
}

/** One call of each step carries the signature for all of them. */
function firstOfStep(steps: readonly Content[]): boolean {
  const step = steps.at(-1);
  return step?.role !== "model" || !step.parts.some((part) => part.functionCall);
}

function toCall({ name, input, meta }: Call, needsSignature: boolean): WirePart {
  const { id, thoughtSignature = needsSignature ? foreign : undefined } = fieldsOf(meta);
  // Arguments that the model got wrong stay the text they are.
  const args = isObject(input) ? input : { input };
  return { functionCall: { ...(id && { id }), name, args }, ...(thoughtSignature && { thoughtSignature }) };
}

function toResult({ id, output, isError }: Extract<Part, { type: "tool-result" }>, calls: ReadonlyMap<string, Call>) {
  const call = calls.get(id);
  if (call === undefined) {
    throw new ChatError("invalid_request", "A tool result belongs to no tool call. Send the call before it.");
  }
  const own = fieldsOf(call.meta);
  const response = isError ? { error: output ?? null } : { output: output ?? null };
  return { functionResponse: { ...(own.id && { id: own.id }), name: call.name, response } };
}

function toUserPart(part: Part): WirePart[] {
  if (part.type === "text") return part.text === "" ? [] : [{ text: part.text }];
  if (part.type === "image" || part.type === "audio" || part.type === "file") return [toMedia(part)];
  throw new ChatError("invalid_request", `Google takes text and media from a user, not ${part.type}.`);
}

interface Kept {
  readonly id?: string;
  readonly thoughtSignature?: string;
  readonly apart?: boolean;
}

/** `events.ts` kept them. */
function fieldsOf(meta: ProviderMeta | undefined): Kept {
  const kept = meta?.["google"];
  return isObject(kept) ? kept : {};
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(part: Part): string {
  return part.type === "text" ? part.text : "";
}
