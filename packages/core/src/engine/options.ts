import type { Clock, Deadlines, ModelBackend, ModelSettings, Storage } from "../contracts/index.ts";
import { systemClock } from "../clock.ts";
import { ChatError } from "../errors/index.ts";
import { memory } from "../memory/index.ts";
import type { Tool } from "../tools/index.ts";
import { uuidv7 } from "./ids.ts";
import { checkSettings, toolName } from "./input.ts";
import type { EngineOptions, LimitOptions, TurnSummary } from "./types.ts";

/** EngineOptions with every default filled in. */
export interface Settled {
  readonly backend: ModelBackend;
  readonly models: { readonly [tag: string]: ModelBackend };
  readonly tools: ReadonlyMap<string, Tool>;
  readonly maxToolSteps: number;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly window: { readonly messages: number; readonly characters: number };
  readonly systemPrompt: string | undefined;
  readonly settings: ModelSettings;
  readonly limits: LimitOptions;
  /** Of a model that has none of its own … */
  readonly deadlines: Deadlines;
  /** … and those that count for every model. */
  readonly ownDeadlines: Partial<Deadlines>;
  readonly busy: { readonly policy: "queue" | "reject"; readonly maxWaiting: number; readonly maxWaitMs: number };
  readonly detachedMs: number;
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly maxAnswerCharacters: number;
  readonly maxMessageCharacters: number;
  readonly onTurn: ((summary: TurnSummary) => void) | undefined;
  readonly report: (error: unknown, during: string) => void;
}

/** Throws `invalid_request` naming the option that cannot be. */
export function settleOptions(options: EngineOptions): Settled {
  const { backend } = options;
  if (typeof backend?.generate !== "function") throw fault("backend", "must be a ModelBackend, e.g. openai({ model })");
  const clock = options.clock ?? systemClock;
  const settled: Settled = {
    backend,
    models: options.models ?? {},
    tools: new Map(Object.entries(options.tools ?? {})),
    maxToolSteps: options.maxToolSteps ?? 8,
    storage: options.storage ?? memory({ clock }),
    clock,
    newId: options.newId ?? (() => uuidv7(clock.now())),
    window: { messages: options.window?.messages ?? 50, characters: options.window?.characters ?? Infinity },
    systemPrompt: options.systemPrompt,
    settings: options.settings ?? {},
    limits: options.limits ?? {},
    deadlines: { firstTokenMs: 60_000, idleMs: 30_000, totalMs: 600_000, ...options.deadlines },
    ownDeadlines: options.deadlines ?? {},
    busy: { policy: "queue", maxWaiting: 8, maxWaitMs: 10_000, ...options.busy },
    detachedMs: options.detachedMs ?? 120_000,
    leaseMs: options.lease?.ms ?? 10_000,
    renewMs: options.lease?.renewMs ?? 3_000,
    maxAnswerCharacters: options.maxAnswerCharacters ?? 4_194_304,
    maxMessageCharacters: options.maxMessageCharacters ?? 32_000,
    onTurn: options.onTurn,
    report: options.onError ?? (() => {}),
  };
  for (const [tag, model] of Object.entries(settled.models)) {
    if (typeof model?.generate !== "function") throw fault(`models.${tag}`, "must be a ModelBackend");
    if (tag === "" || tag.length > 100) throw fault(`models.${tag}`, "needs a tag of 1 to 100 characters");
    if (tag === backend.info.model && model !== backend) throw fault(`models.${tag}`, "is the tag of `backend`");
  }
  for (const name of settled.tools.keys())
    if (!toolName.test(name)) throw fault(`tools.${name}`, "needs a name of 1 to 64 characters of A-Z a-z 0-9 _ -");
  for (const model of [backend, ...Object.values(settled.models)]) {
    if (settled.tools.size > 0 && !model.info.capabilities.includes("tools"))
      throw fault("tools", `cannot be used by the model ${model.info.model}`);
  }
  for (const part of ["sessions", "turns", "limits", "records", "bus"] as const) {
    if (settled.storage[part] === undefined)
      throw fault(`storage.${part}`, "is missing; spread a whole storage and replace parts of it");
  }
  const positive: Record<string, number> = {
    "window.messages": settled.window.messages,
    "window.characters": settled.window.characters,
    maxToolSteps: settled.maxToolSteps,
    "busy.maxWaitMs": settled.busy.maxWaitMs,
    detachedMs: settled.detachedMs,
    "lease.ms": settled.leaseMs,
    "lease.renewMs": settled.renewMs,
    maxAnswerCharacters: settled.maxAnswerCharacters,
    maxMessageCharacters: settled.maxMessageCharacters,
    "deadlines.firstTokenMs": settled.deadlines.firstTokenMs,
    "deadlines.idleMs": settled.deadlines.idleMs,
    "deadlines.totalMs": settled.deadlines.totalMs,
  };
  const { requests = [], tokens = [], concurrentTurns = 1 } = settled.limits;
  for (const [kind, rules] of Object.entries({ requests, tokens })) {
    rules.forEach(({ limit, windowMs }, index) => {
      positive[`limits.${kind}[${index}].limit`] = limit;
      positive[`limits.${kind}[${index}].windowMs`] = windowMs;
    });
  }
  positive["limits.concurrentTurns"] = concurrentTurns;
  for (const [name, value] of Object.entries(positive)) {
    if (!(value > 0)) throw fault(name, `must be above 0, not ${value}`);
  }
  if (!(settled.busy.maxWaiting >= 0)) throw fault("busy.maxWaiting", "must be 0 or more");
  if (settled.busy.policy !== "queue" && settled.busy.policy !== "reject")
    throw fault("busy.policy", 'must be "queue" or "reject"');
  checkSettings(options.settings ?? {}, (path, message) => {
    throw fault(path, message);
  });
  if (settled.renewMs * 2 > settled.leaseMs)
    throw fault("lease.renewMs", "must be at most half of lease.ms, so that one late renewal is no loss");
  return settled;
}

function fault(path: string, message: string): ChatError {
  return new ChatError("invalid_request", `createChatEngine: ${path} ${message}`, { errors: [{ path, message }] });
}
