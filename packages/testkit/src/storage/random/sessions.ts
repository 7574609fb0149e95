import assert from "node:assert/strict";
import type { Message, NewMessage, Session, SessionKey, SessionStore, Storage } from "@parlor/core";
import { idsOf, wide } from "../samples.ts";
import type { Meeting } from "./at-once.ts";
import type { Game } from "./like-memory.ts";
import { OwnKeys } from "./own-keys.ts";
import { drawSession, lookAtSessions, meetingSessions, sessionOwners, type SessionStep } from "./session-steps.ts";

/** A storage's sessions, and the seqs it gave out: stores number messages as they like, as long as the numbers grow. */
class Side extends OwnKeys {
  readonly alone: boolean;
  /** Streaming messages that calls asked to append, by session, the newest first. */
  readonly streaming = new Map<string, NewMessage[]>();
  /** By session, then by message. */
  readonly seqs = new Map<string, Map<string, number>>();

  constructor(storage: () => Storage, unique: string, alone: boolean) {
    super(storage, unique);
    this.alone = alone;
  }

  get sessions(): SessionStore {
    return this.storage().sessions;
  }

  gave(key: SessionKey, messages: readonly NewMessage[]): void {
    const streaming = messages.filter(({ status }) => status === "streaming").toReversed();
    this.streaming.set(nameOf(key), [...streaming, ...(this.streaming.get(nameOf(key)) ?? [])]);
  }

  /** The number this message had when it was last seen; the default when it was not. */
  seqOf(key: SessionKey, id: string, unseen: number): number {
    return this.seqs.get(nameOf(key))?.get(id) ?? unseen;
  }

  learn(key: SessionKey, messages: readonly (Message | undefined)[]): void {
    const seqs = this.seqs.get(nameOf(key)) ?? new Map<string, number>();
    this.seqs.set(nameOf(key), seqs);
    for (const message of messages) if (message) seqs.set(message.id, message.seq);
  }

  /** A session that is made anew may begin anew. */
  forget(owner: string, id?: string): void {
    for (const name of this.seqs.keys())
      if (id === undefined ? name.startsWith(`${owner}/`) : name === nameOf({ owner, id })) this.seqs.delete(name);
  }
}

const nameOf = ({ owner, id }: SessionKey) => `${owner}/${id}`;

/**
 * What the contract leaves open is not asked: when a session's time runs out, what is counted of all owners while others write, what
 * a change that changes nothing does to `updatedAt`, and the numbers of seqs and times, of which only the order counts.
 */
export const sessionGame: Game<SessionStep, Side> = {
  draw: drawSession,
  side: (storage, unique, alone) => new Side(storage, unique, alone),
  play,
  comparable,
  compare: (model, real, expected, found) => {
    inSameOrder(expected, found);
    for (const [name, seqs] of model.seqs)
      assert.deepEqual(bySeq(real.seqs.get(name)), bySeq(seqs), `messages of ${name} by seq`);
  },
  erase: async (side) => {
    const owners = sessionOwners.map((name) => side.owner(name));
    await Promise.all(owners.map((owner) => side.sessions.deleteOwner(owner)));
    return owners;
  },
};

export const sessionMeeting: Meeting<SessionStep, Side> = {
  game: sessionGame,
  prepare: meetingSessions,
  draw: meetingSessions,
  look: () => lookAtSessions,
};

async function play(side: Side, step: SessionStep): Promise<unknown> {
  const { sessions } = side;
  if (step.do === "list") return list(sessions, side.owner(step.owner), step.limit, step.offset);
  if (step.do === "stats") {
    const all = step.owner === undefined && side.alone;
    const stats = await (all ? sessions.stats() : sessions.stats(side.owner(step.owner ?? "ada")));
    return [stats.sessions, stats.messages];
  }
  if (step.do === "deleteOwner") {
    const deleted = await sessions.deleteOwner(side.owner(step.owner));
    side.forget(step.owner);
    return deleted;
  }
  const key = side.key(step.key);
  if (step.do === "open") {
    const { init, append, last, maxCharacters } = step;
    const before = step.before === undefined ? {} : { before: side.seqOf(step.key, step.before, wide.last) };
    const opened = await sessions.open(key, { init, append, window: { last, maxCharacters, ...before } });
    side.gave(step.key, append);
    side.learn(step.key, [...opened.appended, ...opened.window]);
    return opened;
  }
  if (step.do === "append") {
    const session = await sessions.append(key, step.append);
    side.gave(step.key, step.append);
    return session;
  }
  if (step.do === "settle") {
    const begun = step.which === undefined ? undefined : side.streaming.get(nameOf(step.key))?.[step.which];
    const message = begun?.turn === undefined ? step.message : { ...step.message, id: begun.id, turn: begun.turn };
    const turn = begun?.turn ?? step.turn;
    if (!step.supersede) return sessions.settle(key, message, { turn });
    const from = side.seqOf(step.key, step.supersede.from, 0);
    const to = side.seqOf(step.key, step.supersede.to, wide.last);
    return sessions.settle(key, message, { turn, supersede: { from, to } });
  }
  if (step.do === "messages") {
    const { limit, superseded } = step;
    const before = step.before === undefined ? {} : { before: side.seqOf(step.key, step.before, 0) };
    const messages = await sessions.messages(key, { limit, superseded, ...before });
    side.learn(step.key, messages ?? []);
    return messages;
  }
  if (step.do === "each") {
    const messages = await Promise.all(step.ids.map((id) => sessions.message(key, id)));
    side.learn(step.key, messages);
    return messages;
  }
  if (step.do === "create") return sessions.create(key, step.init);
  if (step.do === "update") return sessions.update(key, step.patch);
  const answer = await sessions[step.do](key);
  if (step.do === "delete") side.forget(step.key.owner, step.key.id);
  return answer;
}

/** The whole list; page by page it is the same. */
async function list(sessions: SessionStore, owner: string, limit: number, offset: number): Promise<readonly Session[]> {
  const { items, cursor } = await sessions.list(owner, { limit: 1_000 });
  assert.equal(cursor, undefined);
  const first = await sessions.list(owner, { limit, offset });
  const shown = [...first.items];
  for (let page = first; page.cursor !== undefined; shown.push(...page.items))
    page = await sessions.list(owner, { limit, cursor: page.cursor });
  assert.deepEqual(shown, items.slice(offset), "pages show what the list shows");
  return items;
}

/** Without what two storages may say differently; lists by id, as changes at the same time have no order that counts. */
function comparable(answer: unknown): unknown {
  if (Array.isArray(answer)) {
    const items: unknown[] = answer.map(comparable);
    return answer.some(isSession) ? items.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1)) : items;
  }
  if (isSession(answer)) return { ...answer, createdAt: "", updatedAt: "" };
  if (isMessage(answer)) return { ...answer, seq: 0 };
  if (typeof answer !== "object" || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, comparable(value)]));
}

/** Of two sessions that memory says changed at different times the storage says so, too. */
function inSameOrder(expected: unknown, found: unknown): void {
  if (!Array.isArray(expected) || !Array.isArray(found) || !expected.every(isSession) || !found.every(isSession))
    return;
  const times = new Map(found.map(({ id, updatedAt }) => [id, updatedAt]));
  for (const [at, one] of expected.entries())
    for (const other of expected.slice(at + 1)) {
      if (one.updatedAt === other.updatedAt) continue;
      const changed = `${one.id} changed after ${other.id}`;
      assert.ok((times.get(one.id) ?? "") > (times.get(other.id) ?? ""), changed);
      assert.ok(
        (idsOf(found)?.indexOf(one.id) ?? 0) < (idsOf(found)?.indexOf(other.id) ?? 0),
        `${changed} in the list`,
      );
    }
}

const bySeq = (seqs: ReadonlyMap<string, number> = new Map()) =>
  [...seqs].toSorted(([, one], [, other]) => one - other).map(([id]) => id);

const idOf = (item: unknown) => (isSession(item) ? item.id : "");

const isSession = (value: unknown): value is Session =>
  typeof value === "object" && value !== null && "messageCount" in value && "owner" in value;

const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && "seq" in value && "parts" in value;
