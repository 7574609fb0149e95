import type {
  Capability,
  ChatError,
  ErrorCode,
  BackendEvent,
  FinishReason,
  GenerateRequest,
  Json,
  ModelBackend,
  ToolChoice,
  ToolSpec,
  Usage,
} from "@parlor/core";
import type { FakeProvider, ProviderReply, ProviderRequest, Wire } from "../provider/index.ts";
import type { Runner } from "../storage/index.ts";

/** What a model says next: each text and thought is one record of the stream, each fragment of a call's JSON too. */
export type Said =
  | { readonly text: string }
  | { readonly reasoning: string }
  | { readonly call: { readonly id: string; readonly name: string; readonly fragments: readonly string[] } };

/** An answer in our words. */
export interface Answer {
  readonly said: readonly Said[];
  /** Default: `tool-calls` after a call, else `stop`. */
  readonly finish?: FinishReason;
  /** As a backend has to report it; default: 10 tokens in, 5 out. */
  readonly usage?: Usage;
}

/** An answer in the provider's words. */
export interface Recorded {
  /** The records of the stream, one write each, `\n` as line end. */
  readonly records: readonly string[];
  /** Index of the record that says that the answer is whole. Before it has come no answer is complete; with it, it is. */
  readonly whole: number;
  /** Default: `content-type: text/event-stream`. */
  readonly headers?: { readonly [name: string]: string };
}

/** Failures that a provider tells of, by what a backend makes of them. */
export const failureCodes = [
  "backend_auth",
  "backend_quota",
  "backend_rate_limited",
  "backend_overloaded",
  "backend_timeout",
  "backend_bad_request",
  "backend_error",
  "context_too_long",
  "content_filter",
] as const satisfies readonly ErrorCode[];

export type FailureCode = (typeof failureCodes)[number];

export interface Failure {
  readonly code: FailureCode;
  /** To be put where the provider puts its own sentence. It holds what no error of ours may show. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** A message as the provider got it, in our words. */
export interface AskedMessage {
  readonly role: "user" | "assistant" | "tool";
  /** All text of it. */
  readonly text: string;
  readonly media?: readonly AskedMedia[];
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  /** `output` as JSON where it is JSON, else as text. */
  readonly results?: readonly { readonly id: string; readonly output: unknown }[];
}

export interface AskedMedia {
  readonly type: "image" | "audio" | "file";
  /** Base64. */
  readonly data?: string;
  /** In place of `data`. */
  readonly url?: string;
}

/** A request in our words. What it does not say is left out. */
export interface Asked {
  readonly system?: string;
  readonly messages: readonly AskedMessage[];
  readonly maxTokens?: number;
  readonly tools?: readonly Pick<ToolSpec, "name" | "description" | "inputSchema">[];
  readonly toolChoice?: ToolChoice;
  /** Of a schema, the schema alone. */
  readonly format?: "json" | { readonly schema: Json };
}

/** How one provider speaks: written from its documentation, never from the backend that is judged. */
export interface ProviderFixtures {
  readonly answer: (answer: Answer, request: ProviderRequest) => Recorded;
  /** An HTTP answer that says this. Undefined: the provider has no way to; `lacks` names it then. */
  readonly failure: (failure: Failure) => ProviderReply | undefined;
  /** The record that says this in the middle of a stream. Undefined: the provider has none for it; for one it must have one. */
  readonly failureInStream: (failure: Failure) => string | undefined;
  readonly asked: (request: ProviderRequest) => Asked;
}

/** Where a backend is to ask, and how. */
export interface BackendSettings {
  /** Without a path and without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  readonly retries: number;
  readonly connectMs?: number;
}

/**
 * What a backend may lack, if it says so: a capability of its `info`, a failure its provider cannot tell, or `failures-in-stream`,
 * `retries` (tries again by itself), `connect-deadline`, `cached-usage` and `reasoning-usage` (told apart), `media-urls` (passes
 * http addresses of images on), `system` (system prompts), `forced-tool` (one tool by name), `json-mode` (JSON without a schema), `wire`
 * (reads the bytes itself: bounds them, skips comments, follows no redirect, tells what makes no sense from what breaks off).
 */
export type BackendGap =
  | Exclude<Capability, "streaming" | "multi-turn">
  | FailureCode
  | "failures-in-stream"
  | "retries"
  | "connect-deadline"
  | "cached-usage"
  | "reasoning-usage"
  | "media-urls"
  | "system"
  | "forced-tool"
  | "json-mode"
  | "wire";

export interface BackendConformanceOptions {
  /** Of the backend, for the names of the tests. */
  readonly name: string;
  /** Called for each case, some twice. */
  readonly create: (settings: BackendSettings) => ModelBackend | Promise<ModelBackend>;
  readonly provider: ProviderFixtures;
  readonly runner: Runner;
  /** What is lacking and not named here fails, and so does what is named and not lacking. */
  readonly lacks?: readonly BackendGap[];
  /** Names of the topics to judge; default: all. For a backend that shares most of its code with one that is judged whole. */
  readonly topics?: readonly string[];
  /** How long a case waits for what must come, in milliseconds; default 10,000. */
  readonly patienceMs?: number;
}

/** What the provider does with one request: answers, fails, or sends these bytes. */
export type Script =
  | {
      readonly answer: Answer;
      readonly wire?: Wire;
      /** Other records in place of the answer's own. */
      readonly records?: (recorded: Recorded) => readonly string[] | AsyncIterable<string>;
    }
  | { readonly failure: Failure }
  | { readonly reply: ProviderReply };

/** Everything that came of a call. */
export interface Outcome {
  readonly batches: readonly (readonly BackendEvent[])[];
  readonly events: readonly BackendEvent[];
  readonly text: string;
  readonly reasoning: string;
  /** `finish`'s reason. */
  readonly finish: FinishReason | undefined;
  readonly usage: Usage | undefined;
  readonly error: ChatError | undefined;
}

/** A provider and a backend that asks it, for one case. */
export interface Stage {
  readonly provider: ProviderFixtures;
  readonly fake: FakeProvider<Script>;
  readonly lacks: readonly BackendGap[];
  /** Tries nothing again. */
  readonly backend: ModelBackend;
  /** Another backend, closed after the case. */
  readonly make: (settings?: Partial<BackendSettings>) => Promise<ModelBackend>;
  /** Asks and gathers what comes. Fails when it does not end, or ends with anything but a ChatError. */
  readonly ask: (asked?: AskOptions) => Promise<Outcome>;
  /** What the nth request from the start asked. */
  readonly asked: (index?: number) => Promise<Asked>;
  /** Fails when this does not come in time. */
  readonly soon: <T>(promise: Promise<T>, what: string) => Promise<T>;
}

export interface AskOptions {
  /** Default: `Hi`, of a user. */
  readonly request?: Partial<GenerateRequest> | string;
  readonly signal?: AbortSignal;
  readonly backend?: ModelBackend;
}

export interface BackendCase {
  readonly name: string;
  readonly needs: readonly BackendGap[];
  readonly run: (stage: Stage) => Promise<void>;
  /** For requests that `fake.next` has nothing for; default: the text `Hello there`. */
  readonly reply?: (request: ProviderRequest, provider: ProviderFixtures) => Script;
}

export interface BackendTopic {
  readonly name: string;
  readonly cases: readonly BackendCase[];
}

export function check(
  name: string,
  run: BackendCase["run"],
  more: Partial<Pick<BackendCase, "needs" | "reply">> = {},
): BackendCase {
  return { name, run, needs: [], ...more };
}
