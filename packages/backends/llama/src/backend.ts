import { ChatError, type GenerateRequest, type ModelBackend, type ModelInfo } from "@parlor/core";
import { EventBuffer } from "./event-buffer.ts";
import { generate } from "./generate.ts";
import { Grammars } from "./grammars.ts";
import { load } from "./load.ts";
import { type LlamaOptions, resolveOptions } from "./options.ts";
import { toPlan } from "./plan.ts";
import { buildPrompt, countTokens } from "./prompt.ts";
import { SequencePool } from "./sequences.ts";

/**
 * A model of llama.cpp inside this process. Loads it at once, which takes seconds for a large file.
 *
 * Throws `backend_unavailable` when it cannot be loaded, and a RangeError on options that make no sense. A file that is damaged in
 * a way that llama.cpp does not check may still end the process.
 */
export async function llama(options: LlamaOptions): Promise<ModelBackend> {
  const resolved = resolveOptions(options);
  const { name, settings } = resolved;
  const loaded = await load(resolved);
  const { model, context, contextSize, wrapper, slots } = loaded;
  const pool = new SequencePool(slots, resolved.maxQueued);
  const grammars = new Grammars(model.llama);
  const running = new Map<AbortController, Promise<void>>();
  let closing: Promise<void> | undefined;

  const info: ModelInfo = {
    provider: "llama.cpp",
    model: name,
    kind: "local",
    contextWindow: contextSize,
    capabilities: [
      "streaming",
      "multi-turn",
      "tools",
      "structured-output",
      ...(wrapper.settings.segments?.thought ? (["reasoning"] as const) : []),
    ],
    defaults: settings,
    // Waiting for a sequence and reading the prompt come before the first token.
    deadlines: { firstTokenMs: 300_000, totalMs: 1_800_000 },
  };

  async function answer(request: GenerateRequest, signal: AbortSignal, out: EventBuffer): Promise<void> {
    const wanted = { ...settings, ...request.settings };
    const plan = await toPlan(request, grammars);
    const prompt = await buildPrompt(loaded, request.messages, plan, wanted.maxTokens);
    const slot = await pool.acquire(prompt.tokens, signal);
    try {
      await generate(slot, { prompt, plan, settings: wanted, signal, out });
    } catch (error) {
      // What the sequence holds after a failure is not known. A second failure tells nothing new.
      if (!signal.aborted) await slot.sequence.clearHistory().catch(() => {});
      throw error;
    } finally {
      pool.release(slot);
    }
  }

  return {
    info,
    async *generate(request, signal) {
      signal.throwIfAborted();
      if (closing) throw unloaded();
      const out = new EventBuffer();
      const stop = new AbortController();
      // The reader is let go at once; the sequence is free when the step under way has been computed.
      stop.signal.addEventListener("abort", () => out.end({ error: stop.signal.reason }));
      const forward = () => stop.abort(signal.reason);
      signal.addEventListener("abort", forward);
      const done = answer(request, stop.signal, out)
        .then(
          () => out.end(),
          (error: unknown) => out.end({ error: ChatError.from(error, "backend_error", "The local model failed.") }),
        )
        .finally(() => running.delete(stop));
      running.set(stop, done);
      try {
        for (let batch = await out.take(); batch !== undefined; batch = await out.take()) yield batch;
      } finally {
        signal.removeEventListener("abort", forward);
        stop.abort();
      }
    },
    async countTokens(messages) {
      if (closing) throw unloaded();
      return countTokens(loaded, messages);
    },
    health: async () =>
      closing ? { healthy: false, loaded: false, detail: "The model is unloaded." } : { healthy: true, loaded: true },
    close: () => (closing ??= close()),
  };

  async function close(): Promise<void> {
    for (const stop of running.keys()) stop.abort(unloaded());
    await Promise.all(running.values());
    await context.dispose();
    await model.dispose();
  }
}

function unloaded(): ChatError {
  return new ChatError("backend_unavailable", "The model has been unloaded.");
}
