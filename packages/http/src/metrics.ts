import type { ChatEngine } from "@parlor/core";

/** Counts what is served: `prometheus()` of @parlor/telemetry is one. Label values come from fixed sets, never from a request. */
export interface Metrics {
  /** Who may read them; `public`: everybody. */
  readonly access: "public" | "admin";
  /** Where they are read, besides `/api/v1/metrics`. */
  readonly path: string;
  /** In Prometheus' text format. */
  render(): Promise<{ readonly type: string; readonly text: string }>;
  /** A handler serves this engine. */
  watch(engine: ChatEngine): void;
  /** A request is over; a stream, once its reader has gone. */
  request(served: ServedRequest): void;
  /** A stream begins; call what it returns when it ends. */
  stream(): () => void;
}

export interface ServedRequest {
  readonly method: string;
  /** The route's pattern, not the path; undefined: the path takes other methods. */
  readonly route: string | undefined;
  readonly status: number;
  readonly ms: number;
}
