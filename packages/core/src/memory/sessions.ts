import type {
  Message,
  MessagePage,
  NewMessage,
  OpenedSession,
  OpenRequest,
  Page,
  PageRequest,
  Session,
  SessionInit,
  SessionKey,
  SessionPatch,
  SessionStore,
  SettleRequest,
  StoreStats,
} from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { isoTime } from "../iso-time.ts";
import { MemoryPart, type Settings } from "./options.ts";
import { Entry, OwnerSessions } from "./owner-sessions.ts";
import { Timeline } from "./timeline.ts";

const noMetadata = Object.freeze({});

/** Values are kept and handed out as they are, not copied: treat them as immutable, as their types say. */
export class MemorySessions extends MemoryPart implements SessionStore {
  readonly #settings: Settings;
  readonly #owners = new Map<string, OwnerSessions>();
  /** By last use; sessions that are being answered stay out, so they are never evicted. */
  readonly #uses = new Timeline<Entry>();
  #sessions = 0;
  #messages = 0;

  constructor(settings: Settings) {
    super();
    this.#settings = settings;
  }

  async open(key: SessionKey, { init = {}, append, window }: OpenRequest): Promise<OpenedSession> {
    const found = this.#use(key);
    const entry = found ?? this.#make(key, init);
    const appended = this.#append(entry, append);
    const earlier = entry.history.window(window, appended[0]?.seq);
    const { streaming } = entry.history;
    return { session: entry.session, created: !found, appended, window: earlier, streaming };
  }

  async append(key: SessionKey, messages: readonly NewMessage[]): Promise<Session> {
    const entry = this.#use(key);
    if (!entry) throw new ChatError("session_not_found", "There is no such session.");
    this.#append(entry, messages);
    return entry.session;
  }

  async settle(key: SessionKey, message: NewMessage, { turn, supersede }: SettleRequest): Promise<boolean> {
    const entry = this.#use(key);
    const streaming = entry?.history.message(message.id);
    if (!entry || !streaming || streaming.status !== "streaming" || streaming.turn !== turn) return false;
    entry.history.replace(streaming, message);
    if (supersede) entry.history.supersede(supersede.from, supersede.to, streaming.seq);
    const { usage } = entry.session;
    const { inputTokens = 0, outputTokens = 0 } = message.meta?.usage ?? {};
    this.#changed(entry, {
      usage: { inputTokens: usage.inputTokens + inputTokens, outputTokens: usage.outputTokens + outputTokens },
    });
    return true;
  }

  async create(key: SessionKey, init: SessionInit): Promise<Session> {
    if (this.#use(key)) throw new ChatError("session_exists", "There is a session of this id already.");
    return this.#make(key, init).session;
  }

  async get(key: SessionKey): Promise<Session | undefined> {
    return this.#use(key)?.session;
  }

  async update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined> {
    const entry = this.#use(key);
    if (entry) this.#changed(entry, patch);
    return entry?.session;
  }

  async messages(key: SessionKey, page: MessagePage): Promise<readonly Message[] | undefined> {
    return this.#use(key)?.history.page(page);
  }

  async message(key: SessionKey, id: string): Promise<Message | undefined> {
    return this.#use(key)?.history.message(id);
  }

  async list(owner: string, page: PageRequest): Promise<Page<Session>> {
    this.#sweep();
    return this.#owners.get(owner)?.list(page) ?? { items: [] };
  }

  async clear(key: SessionKey): Promise<number | undefined> {
    const entry = this.#use(key);
    if (!entry) return undefined;
    const removed = entry.history.clear();
    this.#changed(entry);
    return removed;
  }

  async delete(key: SessionKey): Promise<boolean> {
    const entry = this.#use(key);
    if (entry) this.#remove(entry);
    return entry !== undefined;
  }

  async deleteOwner(owner: string): Promise<number> {
    this.#sweep();
    const entries = [...(this.#owners.get(owner)?.byId.values() ?? [])];
    for (const entry of entries) this.#remove(entry);
    return entries.length;
  }

  async stats(owner?: string): Promise<StoreStats> {
    this.#sweep();
    const { maxSessions, maxSessionsPerOwner, ttlMs } = this.#settings;
    const bounds = {
      maxSessions: owner === undefined ? maxSessions : Math.min(maxSessions, maxSessionsPerOwner),
      ...(ttlMs !== Infinity && { ttlMs }),
    };
    if (owner === undefined) return { sessions: this.#sessions, messages: this.#messages, ...bounds };
    const sessions = this.#owners.get(owner);
    return { sessions: sessions?.byId.size ?? 0, messages: sessions?.messages ?? 0, ...bounds };
  }

  /** Finds a session and notes that it was used now. */
  #use(key: SessionKey): Entry | undefined {
    this.#sweep();
    const entry = this.#owners.get(key.owner)?.byId.get(key.id);
    if (entry && entry.history.streaming === 0) this.#uses.put(entry, this.#settings.clock.monotonic());
    return entry;
  }

  #sweep(): void {
    const { clock, ttlMs } = this.#settings;
    if (ttlMs === Infinity) return;
    const expired = clock.monotonic() - ttlMs;
    for (let entry = this.#uses.take(expired); entry; entry = this.#uses.take(expired)) this.#remove(entry);
  }

  #make({ owner, id }: SessionKey, init: SessionInit): Entry {
    const { clock, maxSessions, maxSessionsPerOwner } = this.#settings;
    const sessions = this.#owners.get(owner) ?? new OwnerSessions();
    if (sessions.byId.size >= maxSessionsPerOwner) {
      throw new ChatError("sessions_full", "Delete a session before starting another one.");
    }
    while (this.#sessions >= maxSessions && this.#uses.first) this.#remove(this.#uses.first);

    const updatedMs = sessions.timeOfChange(clock.now());
    const createdAt = isoTime(updatedMs);
    const session: Session = {
      favorite: false,
      metadata: noMetadata,
      ...init,
      owner,
      id,
      createdAt,
      updatedAt: createdAt,
      messageCount: 0,
      turnCount: 0,
      usage: { inputTokens: 0, outputTokens: 0 },
    };
    const entry = new Entry(session, updatedMs);
    this.#owners.set(owner, sessions);
    sessions.byId.set(id, entry);
    sessions.insert(entry);
    this.#uses.put(entry, clock.monotonic());
    this.#sessions++;
    return entry;
  }

  #append(entry: Entry, messages: readonly NewMessage[]): Message[] {
    const { stored, added } = entry.history.append(messages, this.#settings.maxMessagesPerSession);
    if (added > 0) this.#changed(entry);
    return stored;
  }

  /** After every change: a new snapshot, the counters, the place in the list, whether it may be evicted. */
  #changed(entry: Entry, fields?: Partial<Session>): void {
    const { session, history } = entry;
    const { clock } = this.#settings;
    const sessions = this.#owners.get(session.owner);
    if (!sessions) return;
    sessions.messages += history.count - session.messageCount;
    this.#messages += history.count - session.messageCount;

    const updatedMs = sessions.timeOfChange(clock.now());
    sessions.move(entry, updatedMs);
    entry.session = {
      ...session,
      ...fields,
      updatedAt: isoTime(updatedMs),
      messageCount: history.count,
      turnCount: history.turns,
    };

    if (history.streaming > 0) this.#uses.remove(entry);
    else this.#uses.put(entry, clock.monotonic());
  }

  #remove(entry: Entry): void {
    const { owner, id, messageCount } = entry.session;
    const sessions = this.#owners.get(owner);
    if (!sessions) return;
    this.#uses.remove(entry);
    sessions.withdraw(entry);
    sessions.byId.delete(id);
    sessions.messages -= messageCount;
    if (sessions.byId.size === 0) this.#owners.delete(owner);
    this.#messages -= messageCount;
    this.#sessions--;
  }
}
