import type {
  Batch,
  Claim,
  ClaimRequest,
  ClaimResult,
  LoggedEvent,
  LogPage,
  NewTurn,
  Renewal,
  SessionKey,
  TurnOutcome,
  TurnRecord,
  TurnStore,
} from "@parlor/core";
import { again, type Database } from "./database.ts";
import { PostgresPart } from "./part.ts";
import { fromText, toText, toTextOrNull } from "./text.ts";

interface TurnRow {
  readonly session: string;
  readonly id: string;
  readonly message: string;
  readonly model: string;
  readonly created_at: string;
  readonly outcome: string | null;
}

const turnColumns = "session, id, message, model, created_at, outcome";

interface ClaimRow extends TurnRow {
  readonly kind: ClaimResult["kind"];
  readonly epoch: number;
  readonly lease_left: number;
}

/** A row per batch; one without events when there is no batch to read. */
interface LogRow {
  readonly outcome: string | null;
  readonly end_offset: number;
  readonly events: string | null;
}

export class PostgresTurns extends PostgresPart implements TurnStore {
  readonly #schema: string;
  readonly #turns: string;

  constructor(database: Database) {
    super(database);
    this.#schema = database.schema;
    this.#turns = `${database.schema}.turns`;
  }

  async claim(key: SessionKey, turn: NewTurn, { leaseMs, idempotency }: ClaimRequest): Promise<ClaimResult> {
    const [row] = await this.database.call<ClaimRow>("claim_turn", {
      ...named(key, turn.id),
      message: toText(turn.message),
      model: toText(turn.model),
      created_at: toText(turn.createdAt),
      lease_ms: leaseMs,
      key_kind: toTextOrNull(idempotency?.kind),
      key: toTextOrNull(idempotency?.key),
      body_hash: toTextOrNull(idempotency?.bodyHash),
      key_ms: this.database.settings.idempotencyMs,
      again,
    });
    const { kind, epoch, lease_left: left, ...rest } = row as ClaimRow;
    if (kind === "mismatch" || kind === "erasing") return { kind };
    if (kind === "won") return { kind, claim: { key: { owner: key.owner, id: key.id }, turn: turn.id, epoch } };
    const record = toRecord(key.owner, rest);
    return kind === "busy" ? { kind, turn: record, leaseMs: left } : { kind, turn: record };
  }

  async release(claim: Claim): Promise<void> {
    await this.database.call("release_turn", { ...named(claim.key, claim.turn), epoch: claim.epoch });
  }

  async append(batches: readonly Batch[]): Promise<readonly ({ readonly last: number } | "stale")[]> {
    const results: ({ readonly last: number } | "stale")[] = batches.map(() => "stale");
    if (batches.length === 0) return results;
    const rows = await this.database.call<{ place: number; last_offset: number }>("append_events", {
      ...claimColumns(batches.map(({ claim }) => claim)),
      firsts: batches.map(({ events }) => events[0]?.offset ?? null),
      lasts: batches.map(({ events }) => events.at(-1)?.offset ?? null),
      events: batches.map(({ events }) => JSON.stringify(events)),
    });
    for (const { place, last_offset: last } of rows) results[place - 1] = { last };
    return results;
  }

  async renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Renewal[]> {
    if (claims.length === 0) return [];
    const rows = await this.database.call<{ place: number; stop: boolean; attended: boolean }>("renew_turns", {
      ...claimColumns(claims),
      lease_ms: leaseMs,
    });
    const renewals = claims.map((): Renewal => ({ held: false, stop: false, attended: false }));
    for (const { place, stop, attended } of rows) renewals[place - 1] = { held: true, stop, attended };
    return renewals;
  }

  async adopt(key: SessionKey, turn: string, leaseMs: number): Promise<Claim | undefined> {
    const [row] = await this.database.query<{ epoch: number }>(
      `update ${this.#turns} set epoch = nextval('${this.#schema}.numbers'), lease_until = ${this.#schema}.now_ms() + $4, lease_ms = $4
       where owner = $1 and session = $2 and id = $3 and outcome is null and lease_until <= ${this.#schema}.now_ms()
       returning epoch::double precision as epoch`,
      [...Object.values(named(key, turn)), leaseMs],
      // The second time it would find the first one's lease.
      "once",
    );
    return row && { key: { owner: key.owner, id: key.id }, turn, epoch: row.epoch };
  }

  async attend(key: SessionKey, turn: string, ttlMs: number): Promise<void> {
    await this.database.call("attend_turn", { ...named(key, turn), ttl_ms: ttlMs });
  }

  async stop(key: SessionKey): Promise<TurnRecord | undefined> {
    const [row] = await this.database.query<TurnRow>(
      `update ${this.#turns} set stop = true
       where owner = $1 and session = $2 and log_until is null and outcome is null returning ${turnColumns}`,
      [toText(key.owner), toText(key.id)],
    );
    return row && toRecord(key.owner, row);
  }

  async read(key: SessionKey, turn: string, after: number, limit: number): Promise<LogPage | undefined> {
    const rows = await this.database.call<LogRow>("read_log", { ...named(key, turn), after, limit });
    const [first] = rows;
    if (!first) return undefined;
    const events: LoggedEvent[] = [];
    let offset = after;
    for (const row of rows) {
      for (const event of row.events === null ? [] : (JSON.parse(row.events) as LoggedEvent[])) {
        if (event.offset <= offset || events.length >= limit) continue;
        events.push(event);
        offset = event.offset;
      }
    }
    const ended = first.outcome !== null;
    if (first.outcome !== null && events.length < limit && first.end_offset > after)
      events.push({ type: "end", offset: first.end_offset, ...(JSON.parse(first.outcome) as TurnOutcome) });
    return { events, ended };
  }

  async end(claim: Claim, outcome: TurnOutcome): Promise<boolean> {
    const [row] = await this.database.call<{ end_turn: boolean }>("end_turn", {
      ...named(claim.key, claim.turn),
      epoch: claim.epoch,
      outcome: JSON.stringify(outcome),
      again,
    });
    return row?.end_turn ?? false;
  }

  async settled(key: SessionKey, turn: string): Promise<void> {
    await this.database.call("settle_turn", { ...named(key, turn), log_ms: this.database.settings.logMs });
  }

  async live(key: SessionKey): Promise<TurnRecord | undefined> {
    const [row] = await this.database.query<TurnRow>(
      `select ${turnColumns} from ${this.#turns} where owner = $1 and session = $2 and log_until is null`,
      [toText(key.owner), toText(key.id)],
    );
    return row && toRecord(key.owner, row);
  }

  async get(key: SessionKey, turn: string): Promise<TurnRecord | undefined> {
    const [row] = await this.database.query<TurnRow>(
      `select ${turnColumns} from ${this.#turns} where owner = $1 and session = $2 and id = $3
         and (log_until is null or log_until > ${this.#schema}.now_ms())`,
      Object.values(named(key, turn)),
    );
    return row && toRecord(key.owner, row);
  }

  async expired(limit: number): Promise<readonly TurnRecord[]> {
    const rows = await this.database.query<TurnRow & { readonly owner: string }>(
      // A lease that a clock set back would make longer lasts as long as it was given for, from here on.
      `with longer as (
         update ${this.#turns} set lease_until = ${this.#schema}.now_ms() + lease_ms
         where log_until is null and outcome is null and lease_until > ${this.#schema}.now_ms() + lease_ms
       )
       select owner, ${turnColumns} from ${this.#turns}
       where log_until is null and (outcome is not null or lease_until <= ${this.#schema}.now_ms())
       order by number limit $1`,
      [limit],
    );
    return rows.map(({ owner, ...row }) => toRecord(fromText(owner), row));
  }

  async seal(owner: string, ttlMs: number): Promise<readonly TurnRecord[]> {
    const rows = await this.database.call<TurnRow>("seal_owner", { owner: toText(owner), ttl_ms: ttlMs });
    return rows.map((row) => toRecord(owner, row));
  }

  async forget(owner: string, id?: string): Promise<void> {
    await this.database.call("forget_turns", { owner: toText(owner), session: toTextOrNull(id) });
  }
}

const named = (key: SessionKey, turn: string) => ({
  owner: toText(key.owner),
  session: toText(key.id),
  id: toText(turn),
});

const claimColumns = (claims: readonly Claim[]) => ({
  owners: claims.map(({ key }) => toText(key.owner)),
  sessions: claims.map(({ key }) => toText(key.id)),
  ids: claims.map(({ turn }) => toText(turn)),
  epochs: claims.map(({ epoch }) => epoch),
});

const toRecord = (owner: string, row: TurnRow): TurnRecord => ({
  key: { owner, id: fromText(row.session) },
  id: fromText(row.id),
  message: fromText(row.message),
  model: fromText(row.model),
  createdAt: fromText(row.created_at),
  ...(row.outcome !== null && { outcome: JSON.parse(row.outcome) as TurnOutcome }),
});
