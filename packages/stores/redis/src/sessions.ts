import {
  ChatError,
  type Message,
  type MessagePage,
  type NewMessage,
  type OpenedSession,
  type OpenRequest,
  type Page,
  type PageRequest,
  type Session,
  type SessionInit,
  type SessionKey,
  type SessionPatch,
  type SessionStore,
  type SettleRequest,
  type StoreStats,
} from "@parlor/core";
import { again, type Connection, type Repeat } from "./connection.ts";
import { encode, tagOf } from "./keys.ts";
import { pack, packFields, toSession, toStreaming, turnMark, unpack, unpackAll } from "./message-format.ts";
import type { Settings } from "./options.ts";
import { list, ownerStats, removeOwner } from "./owner-scripts.ts";
import { RedisPart } from "./part.ts";
import { finite, type Script } from "./script.ts";
import * as scripts from "./session-scripts.ts";
import type { Totals } from "./totals.ts";
import type { Expiry } from "./expiry.ts";

/** An owner is deleted in steps of so many sessions, so that nobody else waits long. */
const deletedAtOnce = 500;

export class RedisSessions extends RedisPart implements SessionStore {
  readonly #settings: Settings;
  readonly #totals: Totals;
  readonly #expiry: Expiry;

  constructor(connection: Connection, settings: Settings, totals: Totals, expiry: Expiry) {
    super(connection);
    this.#settings = settings;
    this.#totals = totals;
    this.#expiry = expiry;
  }

  async open(key: SessionKey, { init = {}, append, window }: OpenRequest): Promise<OpenedSession> {
    const { maxSessionsPerOwner, maxMessagesPerSession } = this.#settings;
    const fields = packFields(init);
    const [how, session, stored, past, ...changes] = await this.#run<
      [string, string[], (number | string)[], (number | string)[], number, number]
    >(scripts.open, key, [
      finite(maxSessionsPerOwner),
      finite(maxMessagesPerSession),
      window.last,
      finite(window.maxCharacters),
      finite(window.before ?? 0),
      fields.length / 2,
      ...fields,
      ...pairs(append),
    ]);
    if (how === "full") throw full();
    this.#changed(key.owner, changes);
    const appended = append.map((message, at): Message => {
      const seq = Number(stored[2 * at]);
      const earlier = String(stored[2 * at + 1]);
      return earlier === "" ? { ...message, seq } : unpack(seq, earlier);
    });
    return {
      session: toSession(key.owner, key.id, session),
      streaming: toStreaming(session),
      created: how === "created",
      appended,
      window: unpackAll(past).toReversed(),
    };
  }

  async append(key: SessionKey, messages: readonly NewMessage[]): Promise<Session> {
    const reply = await this.#run<[string[], number, number] | null>(scripts.appendTo, key, [
      finite(this.#settings.maxMessagesPerSession),
      ...pairs(messages),
    ]);
    if (!reply) throw new ChatError("session_not_found", "There is no such session.");
    const [session, ...changes] = reply;
    this.#changed(key.owner, changes);
    return toSession(key.owner, key.id, session);
  }

  async settle(key: SessionKey, message: NewMessage, { turn, supersede }: SettleRequest): Promise<boolean> {
    const { inputTokens = 0, outputTokens = 0 } = message.meta?.usage ?? {};
    const changes = await this.#run<[number, number] | null>(scripts.settle, key, [
      encode(message.id),
      turnMark(turn),
      pack(message),
      inputTokens,
      outputTokens,
      supersede?.from ?? 1,
      finite(supersede?.to ?? 0),
      again,
    ]);
    if (changes) this.#changed(key.owner, changes);
    return changes !== null;
  }

  async create(key: SessionKey, init: SessionInit): Promise<Session> {
    const [how, session, ...changes] = await this.#run<[string, string[], number, number]>(
      scripts.create,
      key,
      [finite(this.#settings.maxSessionsPerOwner), ...packFields(init)],
      "once",
    );
    if (how === "exists") throw new ChatError("session_exists", "There is a session of this id already.");
    if (how === "full") throw full();
    this.#changed(key.owner, changes);
    return toSession(key.owner, key.id, session);
  }

  async get(key: SessionKey): Promise<Session | undefined> {
    return found(key, await this.#run<string[] | null>(scripts.get, key));
  }

  async update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined> {
    return found(key, await this.#run<string[] | null>(scripts.update, key, packFields(patch)));
  }

  async messages(key: SessionKey, page: MessagePage): Promise<readonly Message[] | undefined> {
    const { limit, before = Infinity, superseded = false } = page;
    const shown = await this.#run<(number | string)[] | null>(scripts.page, key, [
      limit,
      finite(before),
      superseded ? 1 : 0,
    ]);
    return shown === null ? undefined : unpackAll(shown).toReversed();
  }

  async message(key: SessionKey, id: string): Promise<Message | undefined> {
    const stored = await this.#run<[number, string] | null>(scripts.message, key, [encode(id)]);
    return stored === null ? undefined : unpack(...stored);
  }

  async list(owner: string, { limit, cursor, offset = 0 }: PageRequest): Promise<Page<Session>> {
    const [shown, more] = await this.#run<[(string | string[])[], number]>(list, { owner, id: "" }, [
      limit,
      offset,
      ...placeOf(cursor),
    ]);
    const items: Session[] = [];
    for (let at = 0; at < shown.length; at += 2)
      items.push(toSession(owner, String(shown[at]), shown[at + 1] as string[]));
    const last = items.at(-1);
    return more === 1 && last ? { items, cursor: `${Date.parse(last.updatedAt)}.${last.id}` } : { items };
  }

  async clear(key: SessionKey): Promise<number | undefined> {
    const changes = await this.#run<[number, number] | null>(scripts.clear, key, [], "once");
    if (!changes) return undefined;
    this.#changed(key.owner, changes);
    return Math.abs(changes[1]);
  }

  async delete(key: SessionKey): Promise<boolean> {
    const reply = await this.#run<[number, number, number] | null>(scripts.remove, key, [], "once");
    if (!reply) return false;
    const [sessions, messages, there] = reply;
    this.#changed(key.owner, [sessions, messages]);
    return there === 1;
  }

  async deleteOwner(owner: string): Promise<number> {
    let removed = 0;
    for (let left = 1; left === 1;) {
      const reply = await this.#run<[number, number, number]>(removeOwner, { owner, id: "" }, [deletedAtOnce], "once");
      const [sessions, messages] = reply;
      left = reply[2];
      removed -= sessions;
      this.#changed(owner, [sessions, messages]);
    }
    await this.#expiry.forget(tagOf(owner));
    return removed;
  }

  async stats(owner?: string): Promise<StoreStats> {
    const { ttlMs, maxSessionsPerOwner } = this.#settings;
    const bounds = {
      ...(owner !== undefined && maxSessionsPerOwner !== Infinity && { maxSessions: maxSessionsPerOwner }),
      ...(ttlMs !== Infinity && { ttlMs }),
    };
    if (owner === undefined) return { ...(await this.#totals.read()), ...bounds };
    const [gone, less, sessions, messages] = await this.#run<[number, number, number, number]>(ownerStats, {
      owner,
      id: "",
    });
    this.#changed(owner, [gone, less]);
    return { sessions, messages, ...bounds };
  }

  override close(): Promise<void> {
    this.#expiry.stop();
    return super.close();
  }

  #run<T>(
    script: Script,
    { owner, id }: SessionKey,
    args: readonly (string | number | typeof again)[] = [],
    repeat?: Repeat,
  ): Promise<T> {
    const base = `${this.#settings.prefix}{${tagOf(owner)}}:`;
    const keys = [`${base}s:${id}`, `${base}m:${id}`, `${base}sessions`, `${base}counts`];
    return this.connection.run(script, keys, [base, id, finite(this.#settings.ttlMs), ...args], repeat);
  }

  /** What is kept of all owners together follows in steps of its own. */
  #changed(owner: string, [sessions = 0, messages = 0]: readonly number[]): void {
    if (sessions !== 0 || messages !== 0) this.hint(this.#totals.add(tagOf(owner), sessions, messages));
    if (sessions > 0) this.hint(this.#expiry.plan(tagOf(owner)));
  }
}

const pairs = (messages: readonly NewMessage[]): string[] =>
  messages.flatMap((message) => [encode(message.id), pack(message)]);

const found = ({ owner, id }: SessionKey, fields: readonly string[] | null): Session | undefined =>
  fields === null ? undefined : toSession(owner, id, fields);

const full = () => new ChatError("sessions_full", "Delete a session before starting another one.");

/** Time and id that a cursor names. */
function placeOf(cursor: string | undefined): [time: number | "", id: string] {
  if (cursor === undefined) return ["", ""];
  const dot = cursor.indexOf(".");
  const time = Number(cursor.slice(0, Math.max(0, dot)));
  if (dot < 1 || !Number.isSafeInteger(time))
    throw new ChatError("invalid_request", "The cursor is not one that this list gave out.");
  return [time, cursor.slice(dot + 1)];
}
