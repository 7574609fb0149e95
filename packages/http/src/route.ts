import { ChatError, type ErrorCode } from "@parlor/core";
import { z } from "zod";
import type { Call } from "./call.ts";
import type { MaybePromise } from "./maybe-promise.ts";
import type { Group } from "./options.ts";
import type { FailureFormat } from "./problem/failure-format.ts";
import type { HttpReply } from "./seam.ts";
import type { SocketProtocol } from "./ws/protocol.ts";

export type { Call } from "./call.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** `public`: nobody is asked who they are. */
export type Access = "public" | "user" | "admin";

/** Zod schemas by field. Fields without one are ignored. */
export type Shape = { readonly [field: string]: z.ZodType };
type NoFields = Record<never, z.ZodType>;
type Output<S extends Shape> = { readonly [Field in keyof S]: z.output<S[Field]> };

/** A reply that is no error, for the API's description. */
export interface ReplyDoc {
  /** Default 200. */
  readonly status?: number;
  /** Of a JSON reply: all fields it can have. The HTTP suite of the testkit holds every reply against it. */
  readonly schema?: z.ZodType;
  /** Default: `application/json` with a schema; without one the reply has no body. */
  readonly type?: string;
  /** When this is the reply, or a stream's events in words. Default: the status's name. */
  readonly description?: string;
}

export interface Route {
  readonly method: Method;
  /** `/api/v1/sessions/{session_id}`. */
  readonly path: string;
  readonly access: Access;
  /** Runs the model: as a GET it is guarded like a POST, and HEAD does not run it. */
  readonly startsTurn: boolean;
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  /** What it does, in a few words without a full stop. */
  readonly summary: string;
  readonly replies: readonly ReplyDoc[];
  readonly errors: readonly ErrorCode[];
  /** What is spoken here after an upgrade to WebSocket; undefined: this is no place for one. */
  readonly socket?: SocketProtocol;
  /** How it says that it failed; default: problem+json. */
  readonly failure?: FailureFormat;
  handle(input: object, call: Call): MaybePromise<HttpReply>;
}

/** A row among those of all mounted groups. */
export interface MountedRoute extends Route {
  readonly group: Group;
}

interface Definition<P extends Shape, Q extends Shape, B extends Shape> {
  readonly startsTurn?: boolean;
  readonly summary: string;
  readonly reply: ReplyDoc | readonly ReplyDoc[];
  /** Codes of its own, beside those that its access, its fields and `startsTurn` bring along. */
  readonly errors?: readonly ErrorCode[];
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly handle: (input: Output<P> & Output<Q> & Output<B>, call: Call) => MaybePromise<HttpReply>;
}

/** One row of a surface's table. `handle` gets the validated fields of path, query and body as one object. */
export function route<P extends Shape = NoFields, Q extends Shape = NoFields, B extends Shape = NoFields>(
  access: Access,
  method: Method,
  path: string,
  definition: Definition<P, Q, B>,
): Route {
  const { startsTurn = false, params, query, body, summary, reply, errors = [], handle } = definition;
  return {
    method,
    path,
    access,
    startsTurn,
    params: params && z.object(params),
    query: query && z.object(query),
    body: body && z.object(body),
    summary,
    replies: "length" in reply ? reply : [reply],
    errors,
    // What the schemas made is what `handle` takes.
    handle: handle as Route["handle"],
  };
}

interface SocketDoc {
  readonly summary: string;
  /** What is said over it. */
  readonly description: string;
}

/** A row for WebSockets. Whoever comes without an upgrade is told to bring one. */
export function socketRoute(access: Access, path: string, socket: SocketProtocol, doc: SocketDoc): Route {
  const { summary, description } = doc;
  const handle = () => {
    throw new ChatError(
      "upgrade_required",
      "Connect to this path with WebSocket. If you did, this server lets none through: attach Parlor to it.",
    );
  };
  const reply = { status: 101, description };
  return {
    ...route(access, "GET", path, { summary, reply, errors: ["upgrade_required", "draining"], handle }),
    socket,
  };
}
