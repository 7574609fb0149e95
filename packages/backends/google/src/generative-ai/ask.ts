import type { GenerateContentRequest, GenerativeModel } from "@google/generative-ai";
import { ChatError } from "@parlor/core";
import { fromTransport, type Answer } from "@parlor/wire";
import { fromStatus } from "../errors.ts";
import type { RequestBody } from "../gemini.ts";
import { ChunkReads } from "./chunk-reads.ts";
import type { Resolved } from "./options.ts";

/**
 * Asks through the model object. `calls`: those that run, to be aborted when the backend closes. The SDK leaves the upstream running
 * when nobody reads it any more, and does not notice a signal that has aborted already, so each call has a controller of its own.
 */
export async function askModel(
  model: GenerativeModel,
  request: GenerateContentRequest,
  calls: Set<AbortController>,
  signal: AbortSignal,
): Promise<Answer> {
  const call = new AbortController();
  const abort = (): void => call.abort();
  signal.addEventListener("abort", abort);
  calls.add(call);
  call.signal.addEventListener("abort", () => calls.delete(call));
  try {
    if (signal.aborted) abort();
    call.signal.throwIfAborted();
    const { stream, response } = await model.generateContentStream(request, { signal: call.signal });
    // It rejects whenever `stream` does, and with nobody listening that ends the process.
    response.catch(() => {}).finally(() => calls.delete(call));
    return { status: 200, headers: new Headers(), body: new ChunkReads(stream, call) };
  } catch (error) {
    calls.delete(call);
    throw toFailure(error);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What the model object says (generation settings, tools, a system prompt) holds for what the call does not say. */
export function toRequest(body: RequestBody, model: GenerativeModel, { extraBody }: Resolved): GenerateContentRequest {
  const { generationConfig, ...rest } = body;
  const config = { ...model.generationConfig, ...generationConfig };
  return { ...rest, generationConfig: config, ...extraBody } as unknown as GenerateContentRequest;
}

/** The SDK's errors hold what Google said, and lose the headers, the name of the status and what the system said of a connection. */
function toFailure(error: unknown): ChatError {
  const {
    status,
    errorDetails: details,
    message,
    name,
  } = error as {
    readonly status?: unknown;
    readonly errorDetails?: unknown;
    readonly message?: unknown;
    readonly name?: unknown;
  };
  if (typeof status === "number") return fromStatus(status, { details, message });
  const aborted = name === "AbortError" || /Request aborted/.test(String(message));
  if (!aborted) return fromTransport("Google", error);
  return new ChatError("backend_timeout", "Google took longer than its model object allows. Raise its timeout.");
}
