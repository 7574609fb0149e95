import { setImmediate } from "node:timers/promises";
import type {
  Batch,
  Claim,
  ClaimRequest,
  ClaimResult,
  LogPage,
  NewTurn,
  Renewal,
  SessionKey,
  TurnOutcome,
  TurnRecord,
  TurnStore,
} from "@parlor/core";
import { type Shared, SqlitePart } from "./part.ts";
import { TurnLog } from "./turn-log.ts";
import { toAbout, toClaim, toRecord, type TurnRow } from "./turn-row.ts";

/** A turn of a session, and its writer while it has not ended. */
const ofTurn = "owner = ?1 AND session = ?2 AND id = ?3";
const ofWriter = `${ofTurn} AND epoch = ?4 AND outcome IS NULL`;
const ofLive = "owner = ?1 AND session = ?2 AND settled = 0";

/** Turns that one step forgets. */
const forgottenAtOnce = 50;

const sql = {
  byId: `SELECT * FROM turns WHERE ${ofTurn}`,
  byKey: "SELECT * FROM turns WHERE owner = ?1 AND idempotency_kind = ?2 AND idempotency_key = ?3",
  live: `SELECT * FROM turns WHERE ${ofLive}`,
  expired: `SELECT * FROM turns INDEXED BY turns_unsettled
    WHERE settled = 0 AND (outcome IS NOT NULL OR lease_until <= ?1) ORDER BY number LIMIT ?2`,
  // The number is the first epoch, too.
  claim: `INSERT INTO turns (owner, session, id, about, lease_until, attended_until, stop, settled,
      idempotency_kind, idempotency_key, body_hash, key_until, epoch)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, ?6, ?7, ?8, ?9, (SELECT coalesce(max(number), 0) + 1 FROM turns)) RETURNING *`,
  freeKey:
    "UPDATE turns SET idempotency_key = NULL, key_until = NULL, due = coalesce(log_until, due) WHERE number = ?1",
  renew: `UPDATE turns SET lease_until = ?5 WHERE ${ofWriter} RETURNING stop, attended_until`,
  adopt: `UPDATE turns SET epoch = epoch + 1, lease_until = ?5
    WHERE ${ofTurn} AND outcome IS NULL AND lease_until <= ?4 RETURNING *`,
  attend: `UPDATE turns SET attended_until = max(attended_until, ?4) WHERE ${ofTurn}`,
  stop: `UPDATE turns SET stop = 1 WHERE ${ofLive} AND outcome IS NULL RETURNING *`,
  end: "UPDATE turns SET outcome = ?2, ended = ?3 WHERE number = ?1",
  settled: `UPDATE turns SET settled = 1, log_until = ended + ?4, due = ended + ?4
    WHERE ${ofTurn} AND settled = 0 AND outcome IS NOT NULL`,
  released: `SELECT * FROM turns WHERE ${ofWriter}`,
  sealed: "SELECT 1 FROM sealed WHERE owner = ?1 AND ends > ?2",
  seal: "INSERT OR REPLACE INTO sealed VALUES (?1, ?2)",
  unseal: "DELETE FROM sealed WHERE owner = ?1",
  running: "SELECT * FROM turns WHERE owner = ?1 AND settled = 0",
  remove: "DELETE FROM turns WHERE number = ?1",
  ofSession: `SELECT * FROM turns WHERE owner = ?1 AND session = ?2 LIMIT ${forgottenAtOnce}`,
  ofOwner: `SELECT * FROM turns WHERE owner = ?1 LIMIT ${forgottenAtOnce}`,
  due: "SELECT * FROM turns WHERE due <= ?1 ORDER BY due LIMIT 50",
  keepForKey: "UPDATE turns SET due = key_until WHERE number = ?1",
};

/** Steps that only matter while the machine is up are not flushed: what is flushed next brings them along, in order. */
export class SqliteTurns extends SqlitePart implements TurnStore {
  readonly #log: TurnLog;

  constructor(shared: Shared) {
    super(shared);
    this.#log = new TurnLog(shared.db);
  }

  async claim(key: SessionKey, turn: NewTurn, { leaseMs, idempotency }: ClaimRequest): Promise<ClaimResult> {
    return this.#write((now) => {
      const { owner, id: session } = key;
      if (this.db.get(sql.sealed, owner, now)) return { kind: "erasing" };
      if (idempotency) {
        const { kind, key: name, bodyHash } = idempotency;
        const held = this.db.get<TurnRow>(sql.byKey, owner, kind, name);
        if (held && (held.key_until ?? 0) > now) {
          return held.body_hash === bodyHash ? { kind: "repeat", turn: toRecord(held) } : { kind: "mismatch" };
        }
        if (held) this.db.run(sql.freeKey, held.number);
      }
      const live = this.db.get<TurnRow>(sql.live, owner, session);
      if (live) {
        const over = live.outcome !== null || live.lease_until <= now;
        if (over) return { kind: "unsettled", turn: toRecord(live) };
        return { kind: "busy", turn: toRecord(live), leaseMs: live.lease_until - now };
      }
      const namesake = this.db.get<TurnRow>(sql.byId, owner, session, turn.id);
      if (namesake) this.#remove(namesake);
      const { kind = null, key: name = null, bodyHash = null } = idempotency ?? {};
      const until = idempotency ? now + this.settings.idempotencyMs : null;
      const about = toAbout(turn);
      const lease = now + leaseMs;
      const row = this.db.get<TurnRow>(sql.claim, owner, session, turn.id, about, lease, kind, name, bodyHash, until);
      return { kind: "won", claim: toClaim(row as TurnRow) };
    });
  }

  async release({ key, turn, epoch }: Claim): Promise<void> {
    await this.#write(() => {
      const row = this.db.get<TurnRow>(sql.released, key.owner, key.id, turn, epoch);
      if (row) this.#remove(row);
    });
  }

  /** At once, unless another process holds the lock. */
  append(batches: readonly Batch[]): ReturnType<TurnStore["append"]> {
    try {
      return this.#write(() => batches.map((batch) => this.#log.append(batch)));
    } catch (error) {
      // Who calls this handles failures in one place: where it waits.
      return Promise.reject(error as Error);
    }
  }

  async renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Renewal[]> {
    return this.#write((now) =>
      claims.map(({ key, turn, epoch }) => {
        const row = this.db.get<Renewed>(sql.renew, key.owner, key.id, turn, epoch, now + leaseMs);
        if (!row) return { held: false, stop: false, attended: false };
        return { held: true, stop: row.stop === 1, attended: row.attended_until > now };
      }),
    );
  }

  async adopt(key: SessionKey, turn: string, leaseMs: number): Promise<Claim | undefined> {
    return this.#write((now) => {
      const row = this.db.get<TurnRow>(sql.adopt, key.owner, key.id, turn, now, now + leaseMs);
      return row && toClaim(row);
    });
  }

  async attend(key: SessionKey, turn: string, ttlMs: number): Promise<void> {
    await this.#write((now) => this.db.run(sql.attend, key.owner, key.id, turn, now + ttlMs));
  }

  async stop(key: SessionKey): Promise<TurnRecord | undefined> {
    return this.#write(() => this.#record(sql.stop, key.owner, key.id));
  }

  async read(key: SessionKey, turn: string, after: number, limit: number): Promise<LogPage | undefined> {
    return this.db.read(() => {
      const row = this.db.get<TurnRow>(sql.byId, key.owner, key.id, turn);
      if (!row || (row.log_until !== null && row.log_until <= this.clock.now())) return undefined;
      return { events: this.#log.read(row.number, after, limit), ended: row.outcome !== null };
    });
  }

  async end(claim: Claim, outcome: TurnOutcome): Promise<boolean> {
    return this.#write((now) => {
      const number = this.#log.end(claim, outcome);
      if (number !== undefined) this.db.run(sql.end, number, JSON.stringify(outcome), now);
      return number !== undefined;
    });
  }

  async settled(key: SessionKey, turn: string): Promise<void> {
    await this.#write(() => this.db.run(sql.settled, key.owner, key.id, turn, this.settings.logMs));
  }

  async live(key: SessionKey): Promise<TurnRecord | undefined> {
    return this.db.read(() => this.#record(sql.live, key.owner, key.id));
  }

  async get(key: SessionKey, turn: string): Promise<TurnRecord | undefined> {
    return this.db.read(() => this.#record(sql.byId, key.owner, key.id, turn));
  }

  async expired(limit: number): Promise<readonly TurnRecord[]> {
    return this.db.read(() => this.db.all<TurnRow>(sql.expired, this.clock.now(), limit).map(toRecord));
  }

  async seal(owner: string, ttlMs: number): Promise<readonly TurnRecord[]> {
    return this.#write((now) => {
      this.db.run(sql.seal, owner, now + ttlMs);
      return this.db.all<TurnRow>(sql.running, owner).map(toRecord);
    });
  }

  async forget(owner: string, id?: string): Promise<void> {
    /** Whether there may be more. Where there are not, it is over in this step: what is claimed after it stays. */
    const forgetSome = () => {
      const rows =
        id === undefined ? this.db.all<TurnRow>(sql.ofOwner, owner) : this.db.all<TurnRow>(sql.ofSession, owner, id);
      for (const row of rows) this.#remove(row);
      const more = rows.length === forgottenAtOnce;
      if (id === undefined && !more) this.db.run(sql.unseal, owner);
      return more;
    };
    while (await this.db.write(forgetSome, true)) await setImmediate();
    if (id === undefined) this.db.scrub();
  }

  /** Removes some logs that ran out, and turns that nothing refers to any more; false when there are none left. */
  sweep(now: number): boolean {
    const due = this.db.all<TurnRow>(sql.due, now);
    for (const row of due) {
      if (row.key_until === null || row.key_until <= now) this.#remove(row);
      else {
        this.#log.erase(row.number);
        this.db.run(sql.keepForKey, row.number);
      }
    }
    return due.length > 0;
  }

  #remove({ number }: TurnRow): void {
    this.#log.erase(number);
    this.db.run(sql.remove, number);
  }

  #record(statement: string, ...parameters: readonly string[]): TurnRecord | undefined {
    const row = this.db.get<TurnRow>(statement, ...parameters);
    return row && toRecord(row);
  }

  #write<T>(work: (now: number) => T): T | Promise<T> {
    return this.db.write(() => work(this.clock.now()), false);
  }
}

interface Renewed {
  readonly stop: 0 | 1;
  readonly attended_until: number;
}
