import type { BackendEvent, GenerateRequest, ModelBackend } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";

type Batch = readonly BackendEvent[];

/** A call whose first batch has come: what fails from here on has been seen by readers, and cannot be asked again. */
export interface Begun {
  readonly first: IteratorResult<Batch>;
  readonly iterator: AsyncIterator<Batch>;
}

/** Calls, and waits for the first batch. Throws what fails before it, as a `ChatError`. */
export async function begin(backend: ModelBackend, request: GenerateRequest, signal: AbortSignal): Promise<Begun> {
  try {
    const iterator = backend.generate(request, signal)[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done && !signal.aborted)
      throw new ChatError("upstream_truncated", "The model's answer ended before it began.");
    return { first, iterator };
  } catch (error) {
    throw ChatError.from(error, "backend_error", "The model's backend failed.");
  }
}

/** The call from its first batch on. */
export async function* goOn({ first, iterator }: Begun): AsyncGenerator<Batch, void> {
  try {
    for (let result = first; !result.done; result = await iterator.next()) yield result.value;
  } finally {
    await iterator.return?.();
  }
}

/** The service failed, not the request: another one may do better. */
export function isServiceFailure({ code }: ChatError): boolean {
  return (code.startsWith("backend_") && code !== "backend_bad_request") || code.startsWith("upstream_");
}
