import type { Json } from "@parlor/core";
import type { GeminiReply, GeminiUsage } from "./reply.ts";

/** The chunks of an answer, and what else its stream holds. */
function toChunks(reply: GeminiReply, model: string): ({ readonly chunk: Json } | { readonly raw: string })[] {
  const { steps = [], finish = "STOP", signature } = reply;
  const count = steps.filter((step) => "part" in step).length;
  const usage = reply.usage === undefined ? { prompt: 10, candidates: count } : reply.usage;
  const base = { modelVersion: model, responseId: "fake-response" };
  let told = 0;
  const chunk = (part: Json, finishReason?: string): { readonly chunk: Json } => {
    if (finishReason === undefined) told++;
    const candidate = {
      content: { parts: [part], role: "model" },
      ...(finishReason !== undefined && { finishReason }),
      index: 0,
    };
    const sofar = usage && { usageMetadata: toMetadata(usage, finishReason === undefined ? told : undefined) };
    return { chunk: { candidates: [candidate], ...sofar, ...base } };
  };

  const chunks = steps.map((step) => {
    if ("part" in step) return chunk(step.part);
    return "comment" in step ? { raw: `: ${step.comment}\n\n` } : step;
  });
  if (finish !== null) {
    chunks.push(chunk({ text: "", ...(signature !== undefined && { thoughtSignature: signature }) }, finish));
  }
  return chunks;
}

/** The stream as SSE records, `\n` as line end. It has no last record of its own. */
export function toRecords(reply: GeminiReply, model: string): string[] {
  return toChunks(reply, model).map((one) => ("raw" in one ? one.raw : `data: ${JSON.stringify(one.chunk)}\n\n`));
}

/** The same chunks as an array, which is how they are streamed to who does not ask for `alt=sse`. */
export function toArray(reply: GeminiReply, model: string): Json {
  return toChunks(reply, model).flatMap((one) => ("chunk" in one ? [one.chunk] : []));
}

/** `sofar`: how many parts were sent; undefined: all. */
function toMetadata({ prompt, candidates, cached, thoughts }: GeminiUsage, sofar?: number): Json {
  const count = Math.min(sofar ?? candidates, candidates);
  return {
    promptTokenCount: prompt,
    ...(count > 0 && { candidatesTokenCount: count }),
    totalTokenCount: prompt + count + (thoughts ?? 0),
    ...(cached !== undefined && { cachedContentTokenCount: cached }),
    promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }],
    ...(thoughts !== undefined && { thoughtsTokenCount: thoughts }),
  };
}
