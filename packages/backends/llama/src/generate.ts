import type { BackendEvent, FinishReason, ModelSettings, Usage } from "@parlor/core";
import { randomInt, randomUUID } from "node:crypto";
import type { LlamaChatResponse, LlamaContext, LlamaContextSequence, Token } from "node-llama-cpp";
import { ContextFull, refuseToShift } from "./context-full.ts";
import type { EventBuffer } from "./event-buffer.ts";
import type { Plan } from "./plan.ts";
import type { Prompt } from "./prompt.ts";
import type { Slot } from "./sequences.ts";

type StopReason = LlamaChatResponse["metadata"]["stopReason"];

/** One answer to give. */
export interface Call {
  readonly prompt: Prompt;
  readonly plan: Plan;
  readonly settings: ModelSettings;
  readonly signal: AbortSignal;
  readonly out: EventBuffer;
}

/** Answers a prompt on a sequence that nobody else uses. Throws the signal's reason. */
export async function generate({ sequence, chat }: Slot, { prompt, plan, settings, signal, out }: Call): Promise<void> {
  const { history, tokens } = prompt;
  // The last token is left to the chat, which needs one to begin with.
  await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
  const cachedInputTokens = sequence.nextTokenIndex;
  await readPrompt(sequence, tokens, signal);

  let reasoningTokens = 0;
  let said = "";
  const room = sequence.contextSize - tokens.length - 1;
  const isCall = plan.instruction !== undefined;
  const stopReason = await chat
    .generateResponse(history, {
      ...sampling(settings),
      ...allowed(plan, out),
      maxTokens: Math.max(1, Math.min(settings.maxTokens ?? room, room)),
      customStopTriggers: isCall ? [] : (settings.stop ?? []).filter((text) => text !== ""),
      ...(!(settings.thinking ?? settings.effort !== "none") && { budgets: { thoughtTokens: 0 } }),
      repeatPenalty: false,
      // Asked for before anything is dropped, so a template that adds tokens of its own cannot bring that about either.
      contextShift: { size: refuseToShift },
      signal,
      onResponseChunk: (chunk) => {
        if (chunk.type === "segment") reasoningTokens += chunk.tokens.length;
        else said += chunk.text;
        if (chunk.text !== "" && !isCall) out.text(chunk.type === "segment" ? "reasoning" : "text", chunk.text);
      },
    })
    .then((response): StopReason => response.metadata.stopReason)
    .catch((error: unknown): StopReason => {
      if (error instanceof ContextFull) return "maxTokens";
      throw error;
    });

  // The last token was sampled but not read back; where that is the end mark, it is no part of the answer.
  const outputTokens = sequence.nextTokenIndex - tokens.length + (stopReason === "eogToken" ? 0 : 1);
  const usage: Usage = { inputTokens: tokens.length, outputTokens, cachedInputTokens, reasoningTokens };
  out.push({ type: "usage", usage }, ...toEnd(plan, finishReasons[stopReason], said));
}

function allowed({ functions, grammar }: Plan, out: EventBuffer) {
  if (!functions) return grammar && { grammar };
  return {
    functions,
    documentFunctionParams: true,
    maxParallelFunctionCalls: mostCalls,
    onFunctionCall: (call: { readonly functionName: string; readonly params: unknown }) =>
      out.push(toToolCall(call.functionName, call.params)),
  };
}

const toToolCall = (name: string, input: unknown = {}) =>
  ({ type: "tool-call", id: `call_${randomUUID()}`, name, input }) as const;

/** What a stop string cuts off is not what the grammar would have made of it. */
function toEnd({ grammar, instruction }: Plan, reason: FinishReason, said: string): readonly BackendEvent[] {
  const value = grammar && reason === "stop" ? parse(said) : undefined;
  if (grammar && value === undefined) return [{ type: "finish", reason: "length" }];
  if (instruction === undefined) return [{ type: "finish", reason }];
  const call = value as { readonly name: string; readonly arguments: unknown };
  return [toToolCall(call.name, call.arguments), { type: "finish", reason: "tool-calls" }];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of one answer. */
const mostCalls = 16;

const finishReasons: Record<StopReason, FinishReason> = {
  eogToken: "stop",
  stopGenerationTrigger: "stop",
  customStopTrigger: "stop",
  maxTokens: "length",
  functionCalls: "tool-calls",
  abort: "other",
};

type PromptSequence = Pick<LlamaContextSequence, "nextTokenIndex" | "evaluateWithoutGeneratingNewTokens"> & {
  readonly context: Pick<LlamaContext, "batchSize">;
};

/** Piece by piece: a signal is noticed between two pieces, and other answers go on. A piece should take 50 to 200 ms. */
export async function readPrompt(sequence: PromptSequence, tokens: Token[], signal: AbortSignal): Promise<void> {
  const last = tokens.length - 1;
  let size = 128;
  for (let at = sequence.nextTokenIndex; at < last; at = sequence.nextTokenIndex) {
    signal.throwIfAborted();
    const began = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, Math.min(at + size, last)));
    const took = performance.now() - began;
    if (took < 50) size = Math.min(size * 2, sequence.context.batchSize);
    else if (took > 200) size = Math.max(size / 2, 16);
  }
}

function sampling({ temperature, topP, topK, seed }: ModelSettings) {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    // The library's own seed is the time in seconds: answers of the same second would be alike.
    seed: seed === undefined ? randomInt(2 ** 32) : seed >>> 0,
  };
}
