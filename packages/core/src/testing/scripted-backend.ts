import type {
  BackendEvent,
  GenerateRequest,
  Health,
  ModelBackend,
  ModelInfo,
  PromptMessage,
} from "../contracts/index.ts";
import { roughTokens } from "../truncation/index.ts";

/** What the backend does next: give a read, wait for a promise, throw, hang until aborted, or end without a word. */
export type Step =
  | BackendEvent
  | readonly BackendEvent[]
  | { readonly wait: Promise<unknown> }
  | { readonly fail: unknown }
  | { readonly stall: true }
  | { readonly end: true };

export interface ScriptedCall {
  readonly request: GenerateRequest;
  readonly signal: AbortSignal;
  /** Resolves when this call's generator has been left, however. */
  readonly left: Promise<void>;
}

export interface ScriptedBackend extends ModelBackend {
  /** Every call so far. */
  readonly calls: readonly ScriptedCall[];
  /** Resolves with the nth call (from 0) once it has been made. */
  called(index?: number): Promise<ScriptedCall>;
  readonly closed: boolean;
}

export interface ScriptedOptions {
  readonly info?: Partial<ModelInfo>;
  /** A lie: goes on after an abort, and never notices one while it stalls. */
  readonly ignoreSignal?: boolean;
  readonly health?: Health;
}

/** A backend for tests that does what it is told: a script per call, or one made from the request. */
export function scriptedBackend(
  script: readonly Step[] | ((request: GenerateRequest, call: number) => readonly Step[]),
  options: ScriptedOptions = {},
): ScriptedBackend {
  const calls: ScriptedCall[] = [];
  const waiting = new Map<number, PromiseWithResolvers<ScriptedCall>>();
  const expected = (index: number) => {
    const known = waiting.get(index) ?? Promise.withResolvers<ScriptedCall>();
    waiting.set(index, known);
    return known;
  };
  let closed = false;

  return {
    info: {
      provider: "scripted",
      model: "script-1",
      kind: "local",
      contextWindow: 100_000,
      capabilities: ["streaming", "multi-turn"],
      defaults: { temperature: 0.7, maxTokens: 1_024, topP: 1 },
      ...options.info,
    },
    calls,
    called: (index = 0) => expected(index).promise,
    get closed() {
      return closed;
    },

    async *generate(request, signal) {
      const left = Promise.withResolvers<void>();
      const call: ScriptedCall = { request, signal, left: left.promise };
      const index = calls.push(call) - 1;
      expected(index).resolve(call);
      const aborted = new Promise<void>((resolve) => {
        if (options.ignoreSignal) return;
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      try {
        for (const step of typeof script === "function" ? script(request, index) : script) {
          if (signal.aborted && !options.ignoreSignal) return;
          if ("wait" in step) await Promise.race([step.wait, aborted]);
          else if ("fail" in step) throw step.fail;
          else if ("stall" in step) await aborted;
          else if ("end" in step) return;
          else yield "type" in step ? [step] : step;
        }
      } finally {
        left.resolve();
      }
    },
    countTokens: (messages: readonly PromptMessage[]) =>
      messages.reduce((sum, message) => sum + roughTokens([message]) + 1, 0),
    health: async () => options.health ?? { healthy: true, loaded: true },
    close: async () => {
      closed = true;
    },
  };
}

/** A whole answer as steps: one read per word, then usage and finish. */
export function says(
  text: string,
  finish: Extract<BackendEvent, { type: "finish" }>["reason"] = "stop",
): readonly Step[] {
  const words = text.match(/\s*\S+|\s+$/g) ?? [];
  return [
    ...words.map((word): BackendEvent => ({ type: "text", text: word })),
    [
      { type: "usage", usage: { inputTokens: 10, outputTokens: words.length } },
      { type: "finish", reason: finish },
    ],
  ];
}
