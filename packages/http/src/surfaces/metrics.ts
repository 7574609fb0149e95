import { ChatError } from "@parlor/core";
import { type Route, route } from "../route.ts";
import type { Service } from "../service.ts";

/** Prometheus text, at the path of a group. */
export function metricsRoute({ metrics }: Service, path: string): Route {
  return route(metrics?.access ?? "public", "GET", path, {
    summary: "Metrics for Prometheus",
    reply: { type: "text/plain", description: "Prometheus' text format." },
    errors: ["not_found"],
    async handle() {
      if (!metrics) {
        throw new ChatError(
          "not_found",
          "Metrics are off: install @parlor/telemetry and give `metrics: prometheus()` to parlor().",
        );
      }
      const { type, text } = await metrics.render();
      return { status: 200, headers: { "content-type": type, "cache-control": "no-store" }, body: text };
    },
  });
}
