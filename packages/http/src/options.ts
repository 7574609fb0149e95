import type { LimitRule } from "@parlor/core";
import type { Authenticate } from "./auth/principal.ts";
import type { CorsOptions } from "./cors.ts";
import type { DocsUi, RootPage } from "./docs-ui.ts";
import type { Metrics } from "./metrics.ts";

/** A family of routes; `docs` tells which. */
export type Group = "v1" | "simple" | "conversations" | "admin" | "system" | "openai" | "ui-stream";

export interface HandlerOptions<Raw = unknown> {
  /** Says who asks; several are tried in order, and who none of them knows gets 401. */
  readonly auth?: Authenticate<Raw> | readonly Authenticate<Raw>[];
  /**
   * Opens the `user` routes to who comes without credentials. There must be `auth` or this. The engine's limits count such people
   * by address (IPv6: by /64), so the host must know it: behind a proxy, set the framework's trust-proxy setting.
   */
  readonly access?: "public";
  /**
   * With public access: true makes one owner, `anonymous`, of all who come; they see each other's sessions. Default false:
   * each browser is a visitor of its own by cookie, and for clients without cookies the session id is the key to the session.
   */
  readonly sharedAnonymous?: boolean;
  /** Which to mount; default: all. */
  readonly groups?: readonly Group[];
  /** Shown by the status routes; default `chatbot-api`. */
  readonly service?: string;
  /** Shown by the status routes; default `0.0.0`. */
  readonly version?: string;
  /** What `llm_provider` says; default: the backend's own name. */
  readonly providerName?: string;
  /** `docsUi()` of @parlor/docs-ui: Swagger UI at /docs and ReDoc at /redoc. Without it these say what to install. */
  readonly docs?: DocsUi;
  /**
   * What browsers get at `/`: the page of /docs, or one that is handed in, whose files are below /page. Default: JSON, as everybody
   * else. `"docs"` throws a TypeError without `docs`.
   */
  readonly rootPage?: "docs" | RootPage;
  /** A service that has models of its own: GET /api/models and POST /api/models/swap ask it, not the engine. */
  readonly modelService?: ModelService;
  /** Pages of other origins that may call; default: none. */
  readonly cors?: CorsOptions;
  readonly limits?: Limits;
  readonly streams?: Partial<StreamTimes>;
  /** `prometheus()` of @parlor/telemetry. Without it the metrics routes answer 404. */
  readonly metrics?: Metrics;
  /** One line per request; pino fits. */
  readonly logger?: Logger;
}

export interface ModelService {
  /** `{ current_model, models, details }`, passed on as it is. */
  models(): Promise<{ readonly [field: string]: unknown }>;
  /** Throws `unknown_model`. */
  swap(tag: string): Promise<unknown>;
}

/** Turns and tokens are limited by the engine's `limits`, messages by its `maxMessageCharacters`. */
export interface Limits extends InputLimits {
  /**
   * Requests to routes that are not public, by who asks: a principal, or the address of who comes without credentials. Default: no rule.
   * Counted by all nodes together; by each alone while the limit store is down.
   */
  readonly requests?: readonly LimitRule[];
  /** The same for the routes of one group, beside `requests`. */
  readonly groups?: { readonly [group in Group]?: readonly LimitRule[] };
  /** Streams, sockets and turns that somebody waits for at once, by who asks, on each node. Default 1,000; `Infinity`: no bound. */
  readonly streams?: number;
}

export interface InputLimits {
  /** Default 1,048,576. */
  readonly bodyBytes?: number;
  /** Default 8,000. */
  readonly systemPromptCharacters?: number;
  /**
   * Of one WebSocket message. Default: 65,536, or what the longest message and system prompt need with every character escaped; by
   * the other defaults that is 244,096.
   */
  readonly socketMessageBytes?: number;
  /** Messages on one WebSocket in 10 s; default 120. */
  readonly socketMessages?: number;
}

/** In milliseconds. */
export interface StreamTimes {
  /** Longest silence of an SSE stream; default 15,000. */
  readonly heartbeatMs: number;
  /** How long a reader may take nothing; within a tenth more it is cut. Default 30,000. */
  readonly stallMs: number;
  /** How long a failure of a stored turn can still become an HTTP status, or up to a tenth longer; default 100. */
  readonly headersAfterMs: number;
  /** The same for protocols whose clients retry by status (`openai`); default 10,000. */
  readonly retryableHeadersAfterMs: number;
  /** How often `auth` is asked again while a stream or a WebSocket is open; default 4,000. `Infinity`: only when they expire. */
  readonly recheckMs: number;
  /** How often a WebSocket is pinged; two pings without an answer end it. Default 15,000. */
  readonly pingMs: number;
  /** How long a WebSocket that came without credentials may take to send them; default 10,000. */
  readonly authMs: number;
}

export interface Logger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
