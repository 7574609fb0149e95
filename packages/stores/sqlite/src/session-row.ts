import type { Session, SessionInit, SessionKey } from "@parlor/core";

/** A session as its table has it, columns in its order; writers change it and save it once. */
export interface SessionRow {
  /** Its number among all sessions, for the messages' places. */
  number: number;
  readonly owner: string;
  readonly id: string;
  readonly created_ms: number;
  updated_ms: number;
  expires: number | null;
  next_seq: number;
  /** Messages that are stored, superseded ones too. */
  stored: number;
  /** Those that are not superseded, the user's among them, and those being written. */
  messages: number;
  turns: number;
  streaming: number;
  input_tokens: number;
  output_tokens: number;
  /** JSON of what the application sets. */
  fields: string;
  /** `messages` as the owner's counters have it. */
  readonly counted: number;
}

type Fields = Pick<Session, "favorite" | "metadata"> & SessionInit;

export const withFields = (row: SessionRow, fields: Partial<Fields>): string =>
  JSON.stringify({ ...(JSON.parse(row.fields) as Fields), ...fields });

export function toSession(row: SessionRow): Session {
  return {
    ...(JSON.parse(row.fields) as Fields),
    owner: row.owner,
    id: row.id,
    createdAt: new Date(row.created_ms).toISOString(),
    updatedAt: new Date(row.updated_ms).toISOString(),
    messageCount: row.messages,
    turnCount: row.turns,
    usage: { inputTokens: row.input_tokens, outputTokens: row.output_tokens },
  };
}

export const emptyRow = (
  { owner, id }: SessionKey,
  number: number,
  updatedMs: number,
  init: SessionInit,
): SessionRow => ({
  number,
  owner,
  id,
  created_ms: updatedMs,
  updated_ms: updatedMs,
  expires: null,
  next_seq: 1,
  stored: 0,
  messages: 0,
  turns: 0,
  streaming: 0,
  input_tokens: 0,
  output_tokens: 0,
  fields: JSON.stringify({ favorite: false, metadata: {}, ...init } satisfies Fields),
  counted: 0,
});
