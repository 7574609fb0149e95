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
import { Agenda, reached } from "./agenda.ts";
import { again, type Connection } from "./connection.ts";
import { decode, encode, ownerOf, tagOf } from "./keys.ts";
import type { Settings } from "./options.ts";
import { RedisPart } from "./part.ts";
import { finite } from "./script.ts";
import * as scripts from "./turn-scripts.ts";

type Appended = { readonly last: number } | "stale";

/** Sessions that one step forgets. */
const forgottenAtOnce = 100;

/** Record and outcome as they are stored; null where there is none. */
type Stored = readonly [record: string, outcome: string | null];

export class RedisTurns extends RedisPart implements TurnStore {
  readonly #settings: Settings;
  /** Turns that have not settled, by when to look whether somebody has to fold them. */
  readonly #unsettled: Agenda;

  constructor(connection: Connection, settings: Settings) {
    super(connection);
    this.#settings = settings;
    this.#unsettled = new Agenda(connection, settings.prefix, "unsettled");
  }

  async claim(key: SessionKey, turn: NewTurn, { leaseMs, idempotency }: ClaimRequest): Promise<ClaimResult> {
    const at = this.#at(key, turn.id);
    const { id, ...record } = { id: turn.id, message: turn.message, model: turn.model, createdAt: turn.createdAt };
    // Sent before the claim in the same round: there is no turn that nobody would look at.
    this.hint(this.#unsettled.plan(at.tag, at.name, leaseMs));
    const keys = [at.turn, at.live, at.turns, at.turning];
    if (idempotency) keys.push(`${at.base}i:${encode(idempotency.kind)}:${idempotency.key}`);
    const [kind, ...reply] = await this.connection.run<ClaimReply>(scripts.claim, keys, [
      at.base,
      at.session,
      encode(id),
      JSON.stringify(record),
      finite(leaseMs),
      finite(this.#settings.idempotencyMs),
      idempotency?.bodyHash ?? "",
    ]);
    if (kind === "won")
      return { kind, claim: { key: { owner: key.owner, id: key.id }, turn: id, epoch: Number(reply[0]) } };
    this.hint(this.#unsettled.remove(at.tag, at.name));
    if (kind === "mismatch" || kind === "erasing") return { kind };
    const [session, other, stored, outcome, left] = reply as [string, string, string, string | null, number];
    const known = toRecord({ owner: key.owner, id: decode(session) }, decode(other), [stored, outcome]);
    return kind === "busy" ? { kind, turn: known, leaseMs: left } : { kind, turn: known };
  }

  async release(claim: Claim): Promise<void> {
    const at = this.#at(claim.key, claim.turn);
    const keys = [at.turn, at.log, at.live, at.turns, at.turning];
    const released = await this.connection.run<number>(scripts.release, keys, [
      claim.epoch,
      encode(claim.turn),
      at.session,
    ]);
    if (released === 1) this.hint(this.#unsettled.remove(at.tag, at.name));
  }

  async append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    const earlier = new Map<string, Promise<Appended>>();
    const results: Promise<Appended>[] = [];
    for (const batch of batches) {
      const { name } = this.#at(batch.claim.key, batch.claim.turn);
      // Batches of one turn go one after the other, or a server that has to be told the script first might mix them up.
      const before = earlier.get(name);
      const result = before ? before.then(() => this.#append(batch)) : this.#append(batch);
      earlier.set(name, result);
      results.push(result);
    }
    return Promise.all(results);
  }

  renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Renewal[]> {
    return Promise.all(
      claims.map(async (claim): Promise<Renewal> => {
        const { turn, tag, name } = this.#at(claim.key, claim.turn);
        const renewed = await this.connection.run<[number, number, number] | null>(
          scripts.renew,
          [turn],
          [claim.epoch, finite(leaseMs)],
        );
        // A longer lease is planned for when somebody looks; a shorter one would be looked at too late.
        if (renewed?.[2] === 1) await this.#unsettled.sooner(tag, name, leaseMs);
        return { held: renewed !== null, stop: renewed?.[0] === 1, attended: renewed?.[1] === 1 };
      }),
    );
  }

  async adopt(key: SessionKey, turn: string, leaseMs: number): Promise<Claim | undefined> {
    const at = this.#at(key, turn);
    const epoch = await this.connection.run<number | null>(scripts.adopt, [at.turn], [finite(leaseMs)], "once");
    return epoch === null ? undefined : { key: { owner: key.owner, id: key.id }, turn, epoch };
  }

  async attend(key: SessionKey, turn: string, ttlMs: number): Promise<void> {
    await this.connection.run(scripts.attend, [this.#at(key, turn).turn], [finite(ttlMs)]);
  }

  async stop(key: SessionKey): Promise<TurnRecord | undefined> {
    return this.#live(scripts.stop, key);
  }

  async read(key: SessionKey, turn: string, after: number, limit: number): Promise<LogPage | undefined> {
    const at = this.#at(key, turn);
    const reply = await this.connection.run<[number, (number | string)[]] | null>(
      scripts.read,
      [at.turn, at.log],
      [after, limit],
    );
    if (!reply) return undefined;
    const [ended, batches] = reply;
    const events: LoggedEvent[] = [];
    for (let index = 1; index < batches.length; index += 2) {
      for (const event of JSON.parse(String(batches[index])) as LoggedEvent[])
        if (event.offset > after && events.length < limit) events.push(event);
    }
    return { events, ended: ended === 1 };
  }

  async end(claim: Claim, outcome: TurnOutcome): Promise<boolean> {
    const at = this.#at(claim.key, claim.turn);
    const ending = this.connection.run<number>(
      scripts.finish,
      [at.turn, at.log],
      [claim.epoch, JSON.stringify(outcome), again],
    );
    // Until it has settled, everybody may see to it.
    this.hint(this.#unsettled.plan(at.tag, at.name, 0));
    return (await ending) === 1;
  }

  async settled(key: SessionKey, turn: string): Promise<void> {
    const at = this.#at(key, turn);
    const keys = [at.turn, at.log, at.live, at.turns, at.turning];
    const settled = await this.connection.run<number>(scripts.settled, keys, [
      encode(turn),
      at.session,
      finite(this.#settings.logMs),
    ]);
    if (settled === 1) this.hint(this.#unsettled.remove(at.tag, at.name));
  }

  async live(key: SessionKey): Promise<TurnRecord | undefined> {
    return this.#live(scripts.live, key);
  }

  async get(key: SessionKey, turn: string): Promise<TurnRecord | undefined> {
    const at = this.#at(key, turn);
    const [record, outcome = null] = await this.connection.command<(string | null)[]>(
      at.turn,
      "HMGET",
      at.turn,
      "record",
      "outcome",
    );
    return typeof record === "string" ? toRecord(key, turn, [record, outcome]) : undefined;
  }

  async expired(limit: number): Promise<readonly TurnRecord[]> {
    const found: { readonly turn: TurnRecord; readonly claimed: number }[] = [];
    const looked = new Set<string>();
    while (found.length < limit) {
      // Who is looked at is found, planned for later or done with, so the next look finds others.
      const due = (await this.#unsettled.due(limit)).filter((name) => !looked.has(name));
      if (due.length === 0) break;
      for (const name of due) looked.add(name);
      const looks = await Promise.allSettled(due.map((name) => this.#look(name)));
      found.push(...reached(looks).flatMap((one) => one ?? []));
    }
    return found
      .toSorted((a, b) => a.claimed - b.claimed)
      .slice(0, limit)
      .map(({ turn }) => turn);
  }

  async seal(owner: string, ttlMs: number): Promise<readonly TurnRecord[]> {
    const { base, turning } = this.#at({ owner, id: "" }, "");
    const running = await this.connection.run<[string, string, ...Stored][]>(
      scripts.seal,
      [turning],
      [base, Math.ceil(ttlMs)],
    );
    return running.map(([session, turn, ...stored]) => toRecord({ owner, id: decode(session) }, decode(turn), stored));
  }

  async forget(owner: string, id?: string): Promise<void> {
    const { base, tag, turning, session } = this.#at({ owner, id: id ?? "" }, "");
    if (id !== undefined) {
      const forgotten = await this.connection.run<string[]>(scripts.forget, [turning], [base, session]);
      return this.#forgetPlans(tag, forgotten);
    }
    // Fewer were all there were: what is claimed after that stays.
    for (let some = forgottenAtOnce; some === forgottenAtOnce;) {
      const forgotten = await this.connection.run<string[]>(scripts.forgetOwner, [turning], [base, forgottenAtOnce]);
      await this.#forgetPlans(tag, forgotten);
      some = forgotten.length / 2;
    }
  }

  /** The turn, if it waits for folding; else when to look again is noted. */
  async #look(name: string): Promise<{ readonly turn: TurnRecord; readonly claimed: number } | undefined> {
    const [tag = "", session = "", turn = ""] = name.split(":");
    const key = { owner: ownerOf(tag), id: decode(session) };
    const at = this.#at(key, decode(turn));
    const seen = await this.connection.run<[...Stored, number] | number | null>(scripts.look, [at.turn], []);
    if (seen === null) await this.#unsettled.done(tag, name);
    else if (typeof seen === "number") await this.#unsettled.plan(tag, name, seen, "XX");
    else return { turn: toRecord(key, decode(turn), [seen[0], seen[1]]), claimed: Number(seen[2]) };
    return undefined;
  }

  /** Of pairs of session and running turn, '' for none. */
  async #forgetPlans(tag: string, pairs: readonly string[]): Promise<void> {
    const names = pairs.flatMap((turn, at) => (at % 2 === 1 && turn !== "" ? [`${tag}:${pairs[at - 1]}:${turn}`] : []));
    await this.#unsettled.remove(tag, ...names);
  }

  async #append({ claim, events }: Batch): Promise<Appended> {
    const at = this.#at(claim.key, claim.turn);
    const last = await this.connection.run<number>(
      scripts.append,
      [at.turn, at.log],
      [claim.epoch, events[0]?.offset ?? 0, ...events.map((event) => JSON.stringify(event))],
    );
    return last < 0 ? "stale" : { last };
  }

  async #live(script: typeof scripts.live, key: SessionKey): Promise<TurnRecord | undefined> {
    const at = this.#at(key, "");
    const reply = await this.connection.run<[string, ...Stored] | null>(script, [at.live], [at.base, at.session]);
    return reply === null ? undefined : toRecord(key, decode(reply[0]), [reply[1], reply[2]]);
  }

  #at({ owner, id }: SessionKey, turnId: string) {
    const tag = tagOf(owner);
    const session = encode(id);
    const base = `${this.#settings.prefix}{${tag}}:`;
    const own = `${session}:${encode(turnId)}`;
    return {
      tag,
      base,
      session,
      name: `${tag}:${own}`,
      turn: `${base}t:${own}`,
      log: `${base}l:${own}`,
      live: `${base}live:${session}`,
      turns: `${base}turns:${session}`,
      turning: `${base}turning`,
    };
  }
}

type ClaimReply = readonly [kind: ClaimResult["kind"], ...rest: (string | number | null)[]];

function toRecord({ owner, id }: SessionKey, turn: string, [record, outcome]: Stored): TurnRecord {
  return {
    key: { owner, id },
    id: turn,
    ...(JSON.parse(record) as Pick<TurnRecord, "message" | "model" | "createdAt">),
    ...(outcome !== null && { outcome: JSON.parse(outcome) as TurnOutcome }),
  };
}
