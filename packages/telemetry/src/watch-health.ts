import type { ChatEngine, Health } from "@parlor/core";
import { Gauge, type Registry } from "prom-client";
import { metricNames } from "./names.ts";

/** Gauges of what engines say of their models and stores, asked once a scrape. */
export function watchHealth(registry: Registry, engines: ReadonlySet<ChatEngine>): void {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [] });
  const model = gauge(metricNames.modelHealthy, "1: the model answers", ["gen_ai_request_model"]);
  const circuit = gauge(metricNames.circuitOpen, "1: its circuit breaker is open", ["gen_ai_request_model"]);
  const calls = gauge(metricNames.calls, "Calls where they are limited or balanced", ["gen_ai_request_model", "state"]);
  const store = gauge(metricNames.storeHealthy, "1: the store answers", ["store", "part"]);

  /** Of a backend made of others, theirs: it goes by the name of the first. */
  function tell(name: string, health: Health): void {
    if (health.backends) return health.backends.forEach((one) => tell(one.model, one));
    const labels = { gen_ai_request_model: name };
    model.set(labels, health.healthy ? 1 : 0);
    if (health.circuit !== undefined) circuit.set(labels, health.circuit === "open" ? 1 : 0);
    if (health.running !== undefined) calls.set({ ...labels, state: "running" }, health.running);
    if (health.waiting !== undefined) calls.set({ ...labels, state: "waiting" }, health.waiting);
  }

  async function tellAll(): Promise<void> {
    for (const each of [model, circuit, calls, store]) each.reset();
    for (const engine of engines) {
      const { backend, stores } = await engine.health();
      tell(engine.models.current, backend);
      for (const [part, { name, healthy }] of Object.entries(stores)) store.set({ store: name, part }, healthy ? 1 : 0);
    }
  }

  // A scrape collects all at once: the first asks for them all.
  let asking: Promise<void> | undefined;
  const collect = () => (asking ??= tellAll().finally(() => (asking = undefined)));
  for (const each of [model, circuit, calls, store]) registry.registerMetric(Object.assign(each, { collect }));
}
