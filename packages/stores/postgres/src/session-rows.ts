import {
  hasContent,
  type Message,
  type NewMessage,
  type Session,
  type SessionKey,
  windowCharacters,
} from "@parlor/core";
import { fromText, toText, toTextOrNull } from "./text.ts";

export interface SessionRow {
  readonly title: string | null;
  readonly system_prompt: string | null;
  readonly model: string | null;
  readonly favorite: boolean;
  readonly metadata: string;
  readonly created_ms: number;
  readonly updated_ms: number;
  readonly message_count: number;
  readonly turn_count: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

export const sessionColumns =
  "title, system_prompt, model, favorite, metadata, created_ms, updated_ms, message_count, turn_count, input_tokens, output_tokens";

export interface MessageRow {
  readonly seq: number;
  readonly id: string;
  readonly role: Message["role"];
  readonly status: Message["status"];
  readonly turn: string | null;
  readonly body: string;
}

/** Of messages as `m`. */
export const messageColumns =
  "m.seq, m.id, m.role, case when m.superseded then 'superseded' else m.status end as status, m.turn, m.body";

export const toSession = ({ owner, id }: SessionKey, row: SessionRow): Session => ({
  owner,
  id,
  ...(row.title !== null && { title: fromText(row.title) }),
  ...(row.system_prompt !== null && { systemPrompt: fromText(row.system_prompt) }),
  ...(row.model !== null && { model: fromText(row.model) }),
  favorite: row.favorite,
  metadata: JSON.parse(row.metadata),
  createdAt: new Date(row.created_ms).toISOString(),
  updatedAt: new Date(row.updated_ms).toISOString(),
  messageCount: row.message_count,
  turnCount: row.turn_count,
  usage: { inputTokens: row.input_tokens, outputTokens: row.output_tokens },
});

export const toMessage = (row: MessageRow): Message => ({
  id: fromText(row.id),
  role: row.role,
  ...(JSON.parse(row.body) as Pick<Message, "parts" | "createdAt" | "tokens" | "meta">),
  status: row.status,
  ...(row.turn !== null && { turn: fromText(row.turn) }),
  seq: row.seq,
});

/** A message's columns, in the order in which functions take them. */
export function toColumns(message: NewMessage) {
  const { id, role, status, turn, parts, createdAt, tokens, meta } = message;
  return {
    id: toText(id),
    role,
    status,
    turn: toTextOrNull(turn),
    characters: windowCharacters(message),
    usable: hasContent(message),
    body: JSON.stringify({ parts, createdAt, tokens, meta }),
  };
}
