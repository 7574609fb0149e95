import type { ChatEngine, EngineOptions, LimitRule, ModelInfo } from "@parlor/core";
import type { ScriptedBackend, Step } from "@parlor/core/testing";
import type { Runner } from "../storage/index.ts";
import type { Answer } from "./answer.ts";
import type { ServerEvent } from "./server-events.ts";
import type { SocketAsked, SocketClient } from "./socket.ts";

export type { Answer } from "./answer.ts";

/** Who asks, as `auth` gives it. */
export interface Principal {
  readonly id: string;
  readonly name?: string;
  readonly admin?: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
}

interface WebPage {
  readonly html: string;
  readonly policy: string;
}

interface WebFiles {
  file(name: string): { readonly type: string; readonly etag: string; readonly bytes: Uint8Array } | undefined;
}

/** The pages that show the API's description. */
export interface DocsUi extends WebFiles {
  page(
    name: "docs" | "redoc",
    links: { readonly title: string; readonly description: string; readonly files: string },
  ): WebPage;
}

/** A page at the mount path. */
export interface RootPage extends WebFiles {
  page(links: { readonly title: string; readonly files: string }): WebPage;
}

/** What counts requests. */
export interface Metrics {
  readonly access: "public" | "admin";
  readonly path: string;
  render(): Promise<{ readonly type: string; readonly text: string }>;
  watch(engine: ChatEngine): void;
  request(served: {
    readonly method: string;
    readonly route: string | undefined;
    readonly status: number;
    readonly ms: number;
  }): void;
  stream(): () => void;
}

/** Options for the adapter's `parlor` or for `createHandler`, to be handed on as they are. */
export type Authenticate = (request: {
  readonly headers: { readonly [name: string]: string | undefined };
}) => Principal | undefined | Promise<Principal | undefined>;

export interface ParlorOptions {
  readonly auth?: Authenticate | readonly Authenticate[];
  readonly access?: "public";
  readonly sharedAnonymous?: boolean;
  readonly cors?: {
    readonly origins: readonly string[] | "*";
    readonly credentials?: boolean;
    readonly headers?: readonly string[];
  };
  readonly docs?: DocsUi;
  readonly rootPage?: "docs" | RootPage;
  readonly metrics?: Metrics;
  readonly limits?: {
    readonly bodyBytes?: number;
    readonly socketMessageBytes?: number;
    readonly socketMessages?: number;
    readonly requests?: readonly LimitRule[];
    readonly groups?: { readonly v1?: readonly LimitRule[]; readonly simple?: readonly LimitRule[] };
    readonly streams?: number;
  };
  readonly streams?: { readonly heartbeatMs?: number; readonly stallMs?: number; readonly headersAfterMs?: number };
}

export interface HostOptions {
  /** Where to mount: "" or "/ai". */
  readonly prefix: string;
  /** The host's own JSON body parser runs first. */
  readonly parsesBodies: boolean;
}

export interface Served {
  /** Of the server, without the prefix and without a slash at the end. */
  readonly url: string;
  /** Cuts every connection and stops listening. */
  readonly close: () => Promise<void>;
}

/**
 * What a server may lack, if it says so. `body-parser`: its host can parse bodies before Parlor sees them. `malformed-paths`: paths
 * that cannot be percent-decoded reach Parlor. `websocket`: upgrades do. `socket-control`: the socket is Parlor's own, and not one
 * that a runtime lends with rules of its own about what it takes, pings and keeps.
 */
export type HttpCapability = "body-parser" | "malformed-paths" | "websocket" | "socket-control";

export interface HttpConformanceOptions {
  /** Serves an engine on 127.0.0.1 on a free port. What is not Parlor's path answers 404. */
  readonly serve: (engine: ChatEngine, options: ParlorOptions, host: HostOptions) => Promise<Served>;
  /** `accounts()` of @parlor/http/accounts with `account` of this package as its options. */
  readonly accounts: (engine: ChatEngine) => Promise<Authenticate>;
  readonly runner: Runner;
  /** What is lacking and not named here fails. */
  readonly lacks?: readonly HttpCapability[];
}

/** What a case asks for. */
export interface Setting {
  /** What the model says in each call; default: "Hello there, friend". The gate opens when the case says so. */
  readonly model?: readonly Step[] | ((gate: Promise<void>) => readonly Step[]);
  /** What the model says of itself. */
  readonly info?: Partial<ModelInfo>;
  readonly engine?: () => Partial<EngineOptions>;
  readonly options?: ParlorOptions;
  /** Admins can log in. */
  readonly accounts?: boolean;
  readonly host?: Partial<HostOptions>;
  readonly needs?: readonly HttpCapability[];
}

export interface Asked {
  /** Whose credentials; default "ada", null: none. */
  readonly as?: string | null;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
  readonly signal?: AbortSignal;
}

/** A server with an engine behind it, for one case. */
export interface Site {
  readonly engine: ChatEngine;
  readonly backend: ScriptedBackend;
  /** Lets a model go on that waits for its gate. */
  readonly release: () => void;
  /** With the prefix. */
  readonly url: string;
  readonly prefix: string;
  /** Sends a request, reads the whole reply. */
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Answer>;
  /** Sends a request, resolves with the headers. */
  readonly open: (method: string, path: string, asked?: Asked) => Promise<Response>;
  /** The server-sent events of a request, as they come. Throws unless it is a 200. */
  readonly events: (method: string, path: string, asked?: Asked) => AsyncGenerator<ServerEvent>;
  /** Opens a WebSocket, which is cut after the case. Throws where it is refused. */
  readonly socket: (asked?: SocketAsked) => Promise<SocketClient>;
  /** What refuses a WebSocket before it opens. Throws where nothing does. */
  readonly refusal: (asked?: SocketAsked) => Promise<Answer>;
}

export interface HttpCase extends Setting {
  readonly name: string;
  readonly run: (site: Site) => Promise<void>;
}

export interface HttpTopic {
  readonly name: string;
  readonly cases: readonly HttpCase[];
}

export function check(name: string, run: HttpCase["run"], setting: Setting = {}): HttpCase {
  return { name, run, ...setting };
}
