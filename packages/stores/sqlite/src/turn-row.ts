import type { Claim, NewTurn, TurnOutcome, TurnRecord } from "@parlor/core";

/** A turn as its table has it. */
export interface TurnRow {
  /** Its number among all turns, for the log's places. */
  readonly number: number;
  readonly owner: string;
  readonly session: string;
  readonly id: string;
  /** JSON of what the turn is about. */
  readonly about: string;
  readonly epoch: number;
  readonly lease_until: number;
  readonly outcome: string | null;
  readonly log_until: number | null;
  readonly body_hash: string | null;
  readonly key_until: number | null;
}

type About = Pick<NewTurn, "message" | "model" | "createdAt">;

export const toAbout = ({ message, model, createdAt }: NewTurn): string =>
  JSON.stringify({ message, model, createdAt } satisfies About);

export function toRecord({ owner, session, id, about, outcome }: TurnRow): TurnRecord {
  return {
    key: { owner, id: session },
    id,
    ...(JSON.parse(about) as About),
    ...(outcome !== null && { outcome: JSON.parse(outcome) as TurnOutcome }),
  };
}

export const toClaim = ({ owner, session, id, epoch }: TurnRow): Claim => ({
  key: { owner, id: session },
  turn: id,
  epoch,
});
