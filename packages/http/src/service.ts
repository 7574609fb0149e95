import type { ChatEngine, EngineHealth } from "@parlor/core";
import { type Accounts, accountsOf } from "./auth/accounts.ts";
import type { DocsUi, RootPage } from "./docs-ui.ts";
import { OpenStreams } from "./limits/open-streams.ts";
import { createRequestLimits, type RequestLimits } from "./limits/request-limits.ts";
import type { Metrics } from "./metrics.ts";
import { createFields, type Fields } from "./input/fields.ts";
import type { Group, HandlerOptions, InputLimits, ModelService, StreamTimes } from "./options.ts";
import { type Security, securityOf } from "./openapi/security.ts";
import { Heartbeats } from "./stream/heartbeats.ts";
import { SharedTimeout } from "./shared-timeout.ts";

const allGroups: readonly Group[] = ["v1", "simple", "conversations", "admin", "system", "openai", "ui-stream"];
const healthCachedMs = 1_000;
const defaultTimes: StreamTimes = {
  heartbeatMs: 15_000,
  stallMs: 30_000,
  headersAfterMs: 100,
  retryableHeadersAfterMs: 10_000,
  recheckMs: 4_000,
  pingMs: 15_000,
  authMs: 10_000,
};

/** What the surfaces share: the engine and the options with their defaults. */
export interface Service {
  readonly engine: ChatEngine;
  readonly groups: readonly Group[];
  readonly name: string;
  readonly version: string;
  readonly security: Security;
  readonly docs: DocsUi | undefined;
  readonly rootPage: "docs" | RootPage | undefined;
  readonly fields: Fields;
  readonly limits: Required<InputLimits>;
  readonly requestLimits: RequestLimits;
  readonly openStreams: OpenStreams;
  /** Undefined: nobody can log in here. */
  readonly accounts: Accounts | undefined;
  readonly times: StreamTimes;
  readonly heartbeats: Heartbeats;
  readonly stalls: SharedTimeout;
  /** How long a failure can still become an HTTP status, where clients retry by status and elsewhere. */
  readonly headersAfter: SharedTimeout;
  readonly retryableHeadersAfter: SharedTimeout;
  readonly modelService: ModelService | undefined;
  readonly metrics: Metrics | undefined;
  /** What `llm_provider` says. */
  provider(): string;
  /** Of backend and stores at most a second old; the engine's state is the present one. */
  health(): Promise<EngineHealth>;
  uptimeSeconds(): number;
  /** ISO 8601, UTC. */
  timestamp(): string;
}

export function createService(engine: ChatEngine, options: HandlerOptions<never>): Service {
  const { clock } = engine;
  if (options.rootPage === "docs" && !options.docs) {
    throw new TypeError('`rootPage: "docs"` needs `docs`: install @parlor/docs-ui and give `docs: docsUi()`');
  }
  const startedAt = clock.monotonic();
  const limits = toLimits(engine, options.limits);
  const times = { ...defaultTimes, ...options.streams };
  let health: { readonly askedAt: number; readonly answer: Promise<EngineHealth> } | undefined;
  return {
    engine,
    groups: options.groups ?? allGroups,
    name: options.service ?? "chatbot-api",
    version: options.version ?? "0.0.0",
    security: securityOf(options),
    docs: options.docs,
    rootPage: options.rootPage,
    fields: createFields(engine, limits),
    limits,
    requestLimits: createRequestLimits(engine, options.limits ?? {}, options.logger),
    openStreams: new OpenStreams(options.limits?.streams ?? 1_000),
    accounts: accountsOf(typeof options.auth === "function" ? [options.auth] : (options.auth ?? [])),
    times,
    modelService: options.modelService,
    metrics: options.metrics,
    heartbeats: new Heartbeats(clock, times.heartbeatMs),
    stalls: new SharedTimeout(clock, times.stallMs),
    headersAfter: new SharedTimeout(clock, times.headersAfterMs),
    retryableHeadersAfter: new SharedTimeout(clock, times.retryableHeadersAfterMs),
    provider: () => options.providerName ?? engine.info.provider,
    async health() {
      const now = clock.monotonic();
      if (!health || now - health.askedAt >= healthCachedMs) health = { askedAt: now, answer: engine.health() };
      return { ...(await health.answer), state: engine.state };
    },
    uptimeSeconds: () => (clock.monotonic() - startedAt) / 1000,
    timestamp: () => new Date(clock.now()).toISOString(),
  };
}

function toLimits(engine: ChatEngine, options: InputLimits | undefined): Required<InputLimits> {
  const limits = { bodyBytes: 1_048_576, systemPromptCharacters: 8_000, ...options };
  // Escaped, as some clients send all that is not ASCII, a character takes six bytes.
  const longest = 6 * (engine.maxMessageCharacters + limits.systemPromptCharacters) + 4_096;
  return { socketMessageBytes: Math.max(65_536, longest), socketMessages: 120, ...limits };
}
