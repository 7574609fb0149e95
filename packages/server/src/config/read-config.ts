import type { LimitOptions, LimitRule, ModelSettings } from "@parlor/core";
import { type Access, chooseAccess } from "./choose-access.ts";
import { chooseFurtherModels, type FurtherModels } from "./choose-further-models.ts";
import { chooseModel, type ModelChoice } from "./choose-model.ts";
import { chooseStorage, type StorageChoice } from "./choose-storage.ts";
import { variables as schema, type Variables } from "./variables.ts";

export interface Config {
  readonly model: ModelChoice;
  /** Beside it. */
  readonly models: FurtherModels;
  /** Over the model's own defaults. */
  readonly settings: ModelSettings;
  readonly systemPrompt?: string;
  /** What a prompt may hold of the past. */
  readonly window: { readonly messages?: number; readonly characters?: number };
  /** Per owner. */
  readonly limits: LimitOptions;
  /** Of any kind, per owner. */
  readonly requestLimits: readonly LimitRule[];
  readonly access: Access;
  readonly storage: StorageChoice;
  readonly bounds: StorageBounds;
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** What browsers get at `/`. */
  readonly rootPage: "chat" | "docs";
  /** Absent: off. */
  readonly metrics?: { readonly path: string; readonly access: "public" | "admin" };
  readonly log: { readonly level: LogLevel; readonly file?: string };
}

/** What every storage keeps to. */
export interface StorageBounds {
  /** Milliseconds until an untouched session is forgotten. */
  readonly ttlMs?: number;
  readonly maxSessionsPerOwner?: number;
  readonly maxMessagesPerSession?: number;
}

export type LogLevel = NonNullable<Variables["LOG_LEVEL"]>;

export type ConfigResult =
  | { readonly config: Config; /** A sentence each. */ readonly warnings: readonly string[] }
  /** Why the server must not start: a sentence each, without any value. */
  | { readonly faults: readonly string[] };

/** Reads the server's configuration from variables such as `process.env`. Never throws; an empty value counts as unset. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const set = new Map(
    Object.entries(environment).flatMap(([name, value = ""]) => (value.trim() ? [[name, value.trim()]] : [])),
  );
  const invalid = takeFaults(set);
  const variables = schema.parse(Object.fromEntries(set));
  const access = chooseAccess(variables);
  // What is said of a variable whose value was taken out would be wrong.
  const faults = [
    ...invalid,
    ...access.faults.filter((fault) => !invalid.some((other) => nameOf(other) === nameOf(fault))),
  ];
  if (invalid.length > 0) return { faults };
  const model = chooseModel(variables);
  const storage = chooseStorage(variables);
  const further = "fault" in model ? { models: {} } : chooseFurtherModels(variables, model.choice);
  for (const chosen of [storage, further, model]) if ("fault" in chosen) faults.unshift(chosen.fault);
  if ("fault" in model || "fault" in further || "fault" in storage || faults.length > 0) return { faults };
  return {
    config: toConfig(variables, { model: model.choice, ...further }, storage.choice, access.choice),
    warnings: [...storage.warnings, ...access.warnings],
  };
}

const nameOf = (fault: string) => fault.slice(0, fault.indexOf(" "));

/** Takes the values out that break the schema, so that what else is wrong can be named too. */
function takeFaults(set: Map<string, string>): string[] {
  const faults = new Map<string, string>();
  for (const { path, message } of schema.safeParse(Object.fromEntries(set)).error?.issues ?? []) {
    const name = String(path[0]);
    if (!faults.has(name)) faults.set(name, `${name} ${message}`);
    set.delete(name);
  }
  return [...faults.values()];
}

function toConfig(
  variables: Variables,
  models: Pick<Config, "model" | "models">,
  storage: StorageChoice,
  access: Access,
): Config {
  const ttlSeconds = variables.MEMORY_TTL_SECONDS ?? variables.SESSION_TIMEOUT;
  return {
    ...models,
    settings: given({
      temperature: variables.TEMPERATURE,
      topP: variables.TOP_P,
      topK: variables.TOP_K,
      maxTokens: variables.MAX_TOKENS ?? variables.MAX_NEW_TOKENS,
    }),
    ...given({ systemPrompt: variables.SYSTEM_PROMPT }),
    window: given({ messages: variables.MAX_CONVERSATION_HISTORY, characters: variables.MAX_TOKEN_BUDGET }),
    limits: given({ requests: variables.RATE_LIMIT, concurrentTurns: variables.MAX_CONCURRENT_STREAMS }),
    requestLimits: variables.REQUEST_LIMIT ?? [],
    access,
    storage,
    bounds: given({
      ttlMs: ttlSeconds && ttlSeconds * 1000,
      maxSessionsPerOwner: variables.MAX_SESSIONS_PER_USER,
      maxMessagesPerSession: variables.MAX_MESSAGES_PER_SESSION,
    }),
    listen: { host: variables.HOST ?? "127.0.0.1", port: variables.PORT ?? 8000 },
    rootPage: variables.ROOT_PAGE ?? "chat",
    ...(variables.ENABLE_METRICS !== false && {
      metrics: { path: variables.METRICS_PATH ?? "/metrics", access: variables.METRICS_ACCESS ?? "public" },
    }),
    log: { level: variables.LOG_LEVEL ?? (variables.DEBUG ? "debug" : "info"), ...given({ file: variables.LOG_FILE }) },
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}
