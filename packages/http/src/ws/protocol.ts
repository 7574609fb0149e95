import type { ChatError, Turn } from "@parlor/core";
import { parseJson } from "../input/read-json.ts";
import type { Call } from "../call.ts";
import type { Frames } from "../stream/follow.ts";

/** One message of a client: an object. */
export interface Message {
  readonly [field: string]: unknown;
}

/** A turn to be read over a socket. */
export interface Reading {
  readonly turn: Turn;
  readonly after: number;
  /** One message a line. */
  readonly frames: Frames;
}

/** What is said over a socket, apart from `ping` and `auth`, which are the same in all. */
export interface SocketProtocol {
  readonly pong: string;
  /**
   * Does what a message asks, and gives the turn that the client shall read, if any. What must happen in the order of messages happens
   * before it first waits. `callFor`: the call that a message about a session makes.
   */
  receive(message: Message, callFor: CallFor): Promise<Reading | undefined>;
  /** Tells of a failure. `message`: the one that failed, if it could be read. */
  failure(error: ChatError, message: Message | undefined): string;
}

export type CallFor = (session: string, idempotencyKey?: string) => Call;

/** Throws `invalid_json`, `too_deep`, `forbidden_key`. What is no object has no fields. */
export function toMessage(text: string): Message {
  const value = parseJson(text);
  return typeof value === "object" && value !== null ? (value as Message) : {};
}
