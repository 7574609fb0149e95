import { hasContent, type Message, type NewMessage, type Session, windowCharacters } from "@parlor/core";
import { encode } from "./keys.ts";

const statusLetters = { complete: "c", streaming: "s", interrupted: "i", failed: "f", superseded: "x" } as const;
const statuses = { c: "complete", s: "streaming", i: "interrupted", f: "failed", x: "superseded" } as const;

/** How a message's head names its turn. */
export const turnMark = (turn: string | undefined): string => (turn === undefined ? "-" : `=${encode(turn)}`);

/**
 * A message as it is stored: a head for the scripts (status, whether a user said it, whether a prompt can use it, its characters;
 * its id; its turn), then JSON, which keeps any text, lone surrogates too.
 */
export function pack({ status, ...message }: NewMessage): string {
  const use = `${hasContent(message) ? 1 : 0}${windowCharacters(message)}`;
  const head = `${statusLetters[status]}${message.role === "user" ? "u" : "o"}${use}`;
  return `${head} ${encode(message.id)} ${turnMark(message.turn)} ${JSON.stringify(message)}`;
}

export function unpack(seq: number, stored: string): Message {
  const message = JSON.parse(stored.slice(stored.indexOf("{"))) as Omit<Message, "seq" | "status">;
  return { ...message, status: statuses[stored.charAt(0) as keyof typeof statuses], seq };
}

/** What a script returns as pairs of seq and message. */
export function unpackAll(pairs: readonly (number | string)[]): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < pairs.length; at += 2) messages.push(unpack(Number(pairs[at]), String(pairs[at + 1])));
  return messages;
}

/** Fields of a session that its user sets, as pairs of name and JSON. */
export function packFields(fields: object): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, JSON.stringify(value)]));
}

/** How many of its messages are being written. */
export const toStreaming = (fields: readonly string[]): number => Number(fields[fields.indexOf("streaming") + 1]);

export function toSession(owner: string, id: string, fields: readonly string[]): Session {
  const of = new Map<string, string>();
  for (let at = 0; at < fields.length; at += 2) of.set(fields[at] ?? "", fields[at + 1] ?? "");
  const number = (name: string) => Number(of.get(name));
  const given: Record<string, unknown> = { favorite: false, metadata: {} };
  for (const name of ["title", "systemPrompt", "model", "favorite", "metadata"]) {
    const json = of.get(name);
    if (json !== undefined) given[name] = JSON.parse(json);
  }
  return {
    ...(given as Pick<Session, "title" | "systemPrompt" | "model" | "favorite" | "metadata">),
    owner,
    id,
    createdAt: new Date(number("created")).toISOString(),
    updatedAt: new Date(number("updated")).toISOString(),
    messageCount: number("count"),
    turnCount: number("turns"),
    usage: { inputTokens: number("input"), outputTokens: number("output") },
  };
}
