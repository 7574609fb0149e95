import type { ChatEngine, ModelBackend, Storage, TurnSummary } from "@parlor/core";
import type { Metrics, ServedRequest } from "@parlor/http";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { metricNames } from "./names.ts";
import { timedStorage } from "./timed-storage.ts";
import { watchHealth } from "./watch-health.ts";

export interface PrometheusOptions {
  /** The host's own; default: a new one, with what prom-client says of the process. */
  readonly registry?: Registry;
  /** Who may read the metrics over HTTP; default `public`. They tell how much is used, and nothing of anybody. */
  readonly access?: "public" | "admin";
  /** Where, besides `/api/v1/metrics`; default `/metrics`. */
  readonly path?: string;
}

export interface Prometheus extends Metrics {
  readonly registry: Registry;
  /** For `createChatEngine({ onTurn })`: turns, tokens, times, costs. */
  readonly onTurn: (summary: TurnSummary) => void;
  /** The backend, with its retries counted. */
  backend<B extends ModelBackend>(backend: B): B;
  /** The storage, with its calls timed. */
  storage(storage: Storage): Storage;
}

/** Seconds, as the conventions give them: 0.01 · 2^n. */
const modelSeconds = Array.from({ length: 14 }, (_, power) => 0.01 * 2 ** power);
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const storeSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const tokenCounts = Array.from({ length: 14 }, (_, power) => 4 ** power);

/**
 * Metrics for Prometheus. Label values are models and providers by the engine's own names, codes of the catalogue, routes and operations: what people
 * send never becomes one.
 */
export function prometheus(options: PrometheusOptions = {}): Prometheus {
  const { access = "public", path = "/metrics" } = options;
  const registry = options.registry ?? new Registry();
  if (!options.registry) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]) =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });

  const model = ["gen_ai_request_model", "gen_ai_provider_name"] as const;
  const tokens = histogram(metricNames.tokens, "Tokens of a turn", [...model, "gen_ai_token_type"], tokenCounts);
  const duration = histogram(
    metricNames.duration,
    "Asking the model, in seconds",
    [...model, "error_type"],
    modelSeconds,
  );
  const firstChunk = histogram(
    metricNames.firstChunk,
    "From the call to the first event, in seconds",
    model,
    modelSeconds,
  );
  const accepted = histogram(metricNames.accepted, "Until the user's message was stored, in seconds", [], storeSeconds);
  const cost = counter(metricNames.cost, "What turns cost, in US dollars, where prices are known", model);
  const turns = counter(metricNames.turns, "Turns by how they ended", [...model, "status", "code"]);
  const retries = counter(metricNames.retries, "Calls of a model that were made again", [...model, "code"]);
  const requests = histogram(
    metricNames.requests,
    "Requests, in seconds; streams until their end",
    ["http_request_method", "http_route", "http_response_status_code"],
    requestSeconds,
  );
  const store = histogram(
    metricNames.store,
    "Calls of a store, in seconds",
    ["store", "part", "operation", "outcome"],
    storeSeconds,
  );
  const streams = new Gauge({ name: metricNames.streams, help: "Replies that stream now", registers });
  const engines = new Set<ChatEngine>();
  const load = (which: "live" | "waiting") => {
    let sum = 0;
    for (const engine of engines) sum += engine.load()[which];
    return sum;
  };
  new Gauge({
    name: metricNames.live,
    help: "Turns that run now",
    registers,
    collect() {
      this.set(load("live"));
    },
  });
  new Gauge({
    name: metricNames.waiting,
    help: "Turns that wait for their session",
    registers,
    collect() {
      this.set(load("waiting"));
    },
  });

  watchHealth(registry, engines);

  function onTurn(summary: TurnSummary): void {
    const { outcome, firstEventMs, acceptedMs, status, code = "" } = summary;
    const labels = { gen_ai_request_model: summary.model, gen_ai_provider_name: summary.provider };
    turns.inc({ ...labels, status, code });
    if (acceptedMs !== undefined) accepted.observe(acceptedMs / 1000);
    if (firstEventMs !== undefined) firstChunk.observe(labels, (firstEventMs - (acceptedMs ?? 0)) / 1000);
    if (!outcome) return;
    const { usage, generationMs } = outcome;
    if (generationMs !== undefined) duration.observe({ ...labels, error_type: code }, generationMs / 1000);
    if (!usage) return;
    tokens.observe({ ...labels, gen_ai_token_type: "input" }, usage.inputTokens);
    tokens.observe({ ...labels, gen_ai_token_type: "output" }, usage.outputTokens);
    if (usage.cost !== undefined) cost.inc(labels, usage.cost);
  }

  return {
    registry,
    access,
    path,
    onTurn,
    backend: (backend) => {
      const labels = { gen_ai_request_model: backend.info.model, gen_ai_provider_name: backend.info.provider };
      return withGenerate(backend, (request, signal) =>
        backend.generate(
          {
            ...request,
            onRetry(code) {
              retries.inc({ ...labels, code });
              request.onRetry?.(code);
            },
          },
          signal,
        ),
      );
    },
    storage: (storage) =>
      timedStorage(storage, ({ store: name, part, operation, outcome, ms }) =>
        store.observe({ store: name, part, operation, outcome }, ms / 1000),
      ),
    render: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    watch: (engine) => void engines.add(engine),
    request: ({ method, route = "", status, ms }: ServedRequest) =>
      requests.observe(
        { http_request_method: method, http_route: route, http_response_status_code: status },
        ms / 1000,
      ),
    stream() {
      streams.inc();
      return () => streams.dec();
    },
  };
}

/** The backend itself in all but how it is asked. */
export function withGenerate<B extends ModelBackend>(backend: B, generate: ModelBackend["generate"]): B {
  return new Proxy(backend, {
    get(target, name) {
      if (name === "generate") return generate;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
