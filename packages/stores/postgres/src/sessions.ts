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
  type WindowRequest,
} from "@parlor/core";
import { again, type Database } from "./database.ts";
import { boundOrNull } from "./options.ts";
import { PostgresPart } from "./part.ts";
import {
  type MessageRow,
  messageColumns,
  type SessionRow,
  sessionColumns,
  toColumns,
  toMessage,
  toSession,
} from "./session-rows.ts";
import { fromText, toInteger, toText, toTextOrNull } from "./text.ts";

/** Of what this call added the rest is known. */
type AppendedRow = MessageRow | { readonly seq: number; readonly body: null };

type WrittenRow =
  | ({ readonly part: "session" | "made"; readonly streaming_count: number } & SessionRow)
  | ({ readonly part: "appended" } & AppendedRow)
  | ({ readonly part: "window" } & MessageRow)
  | { readonly part: "exists" | "full" };

interface Erasure {
  readonly count: number;
  readonly numbers: readonly string[];
  readonly done: boolean;
}

/** How many sessions one statement takes away. */
const deletedAtOnce = 500;

export class PostgresSessions extends PostgresPart implements SessionStore {
  readonly #sessions: string;
  readonly #messages: string;
  readonly #schema: string;

  constructor(database: Database) {
    super(database);
    this.#schema = database.schema;
    this.#sessions = `${database.schema}.sessions`;
    this.#messages = `${database.schema}.messages`;
  }

  async open(key: SessionKey, { init = {}, append, window }: OpenRequest): Promise<OpenedSession> {
    const rows = await this.#write("open", key, init, append, window);
    let opened: Pick<OpenedSession, "session" | "created" | "streaming"> | undefined;
    const appended: Message[] = [];
    const before: Message[] = [];
    for (const row of rows) {
      if (row.part === "session" || row.part === "made")
        opened = { session: toSession(key, row), created: row.part === "made", streaming: row.streaming_count };
      else if (row.part === "window") before.push(toMessage(row));
      else if (row.part === "appended")
        appended.push(
          row.body === null ? { ...(append[appended.length] as NewMessage), seq: row.seq } : toMessage(row),
        );
    }
    if (!opened) throw full();
    return { ...opened, appended, window: before };
  }

  async append(key: SessionKey, messages: readonly NewMessage[]): Promise<Session> {
    const [row] = await this.#write("append", key, {}, messages);
    if (row?.part !== "session") throw new ChatError("session_not_found", "There is no such session.");
    return toSession(key, row);
  }

  async create(key: SessionKey, init: SessionInit): Promise<Session> {
    const [row] = await this.#write("create", key, init, []);
    if (row?.part === "exists") throw new ChatError("session_exists", "There is a session of this id already.");
    if (row?.part !== "made") throw full();
    return toSession(key, row);
  }

  async settle(key: SessionKey, message: NewMessage, { turn, supersede }: SettleRequest): Promise<boolean> {
    const { turn: newTurn, ...columns } = toColumns(message);
    const { inputTokens = 0, outputTokens = 0 } = message.meta?.usage ?? {};
    const [row] = await this.database.call<{ settle_message: boolean }>("settle_message", {
      owner: toText(key.owner),
      session: toText(key.id),
      turn: toText(turn),
      ...columns,
      new_turn: newTurn,
      input: inputTokens,
      output: outputTokens,
      from: supersede ? toInteger(supersede.from) : null,
      to: supersede ? toInteger(supersede.to) : null,
      again,
    });
    return row?.settle_message ?? false;
  }

  async get(key: SessionKey): Promise<Session | undefined> {
    const [row] = await this.database.query<SessionRow>(
      `select ${sessionColumns} from ${this.#sessions} where owner = $1 and id = $2`,
      [toText(key.owner), toText(key.id)],
    );
    return row && toSession(key, row);
  }

  async update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined> {
    const [row] = await this.database.query<SessionRow>(
      `update ${this.#sessions} set title = coalesce($3, title), system_prompt = coalesce($4, system_prompt),
         model = coalesce($5, model), favorite = coalesce($6, favorite), metadata = coalesce($7, metadata),
         updated_ms = greatest(updated_ms, floor(${this.#schema}.now_ms()))
       where owner = $1 and id = $2 returning ${sessionColumns}`,
      [
        toText(key.owner),
        toText(key.id),
        toTextOrNull(patch.title),
        toTextOrNull(patch.systemPrompt),
        toTextOrNull(patch.model),
        patch.favorite ?? null,
        patch.metadata === undefined ? null : JSON.stringify(patch.metadata),
      ],
    );
    return row && toSession(key, row);
  }

  async messages(key: SessionKey, { limit, before, superseded = false }: MessagePage) {
    const rows = await this.database.query<MessageRow | { readonly seq: null }>(
      `select m.* from ${this.#sessions} s left join lateral (
         select ${messageColumns} from ${this.#messages} m
         where m.session = s.number and m.seq < $3 ${superseded ? "" : "and not m.superseded"}
         order by m.seq desc limit $4
       ) m on true
       where s.owner = $1 and s.id = $2 order by m.seq`,
      [toText(key.owner), toText(key.id), toInteger(before ?? Infinity), toInteger(limit)],
    );
    if (rows.length === 0) return undefined;
    return rows.flatMap((row) => (row.seq === null ? [] : [toMessage(row)]));
  }

  async message(key: SessionKey, id: string): Promise<Message | undefined> {
    const [row] = await this.database.query<MessageRow>(
      `select ${messageColumns} from ${this.#sessions} s join ${this.#messages} m on m.session = s.number
       where s.owner = $1 and s.id = $2 and m.id = $3`,
      [toText(key.owner), toText(key.id), toText(id)],
    );
    return row && toMessage(row);
  }

  async list(owner: string, { limit, cursor, offset = 0 }: PageRequest): Promise<Page<Session>> {
    const place = cursor === undefined ? { updatedMs: Infinity, id: "" } : placeOf(cursor);
    const rows = await this.database.query<SessionRow & { readonly id: string }>(
      `select id, ${sessionColumns} from ${this.#sessions} where owner || '' = $1 and (updated_ms, id) < ($2, $3)
       order by updated_ms desc, id desc limit $4 offset $5`,
      [toText(owner), place.updatedMs, toText(place.id), toInteger(limit + 1), toInteger(offset)],
    );
    const items = rows.slice(0, limit).map((row) => toSession({ owner, id: fromText(row.id) }, row));
    const last = items.at(-1);
    return rows.length > limit && last ? { items, cursor: `${rows[limit - 1]?.updated_ms}.${last.id}` } : { items };
  }

  async clear(key: SessionKey): Promise<number | undefined> {
    return this.#erase("clear_session", { owner: toText(key.owner), id: toText(key.id) });
  }

  async delete(key: SessionKey): Promise<boolean> {
    return (await this.#erase("delete_session", { owner: toText(key.owner), id: toText(key.id) })) !== undefined;
  }

  async deleteOwner(owner: string): Promise<number> {
    for (let deleted = 0; ;) {
      const values = { owner: toText(owner), before_ms: null, limit: deletedAtOnce };
      const count = (await this.#erase("delete_sessions", values)) ?? 0;
      deleted += count;
      if (count < deletedAtOnce) return deleted;
    }
  }

  async stats(owner?: string): Promise<StoreStats> {
    const { maxSessionsPerOwner, ttlMs } = this.database.settings;
    const [row] = await this.database.query<{ sessions: number; messages: number }>(
      `select coalesce(sum(sessions), 0)::double precision as sessions, coalesce(sum(messages), 0)::double precision as messages
       from ${this.#schema}.${owner === undefined ? "totals" : "owners where owner = $1"}`,
      owner === undefined ? [] : [toText(owner)],
    );
    return {
      sessions: row?.sessions ?? 0,
      messages: row?.messages ?? 0,
      ...(owner !== undefined && maxSessionsPerOwner !== Infinity && { maxSessions: maxSessionsPerOwner }),
      ...(ttlMs !== Infinity && { ttlMs }),
    };
  }

  /** Without a window only the session comes back. */
  #write(
    mode: "open" | "append" | "create",
    key: SessionKey,
    init: SessionInit,
    messages: readonly NewMessage[],
    window?: WindowRequest,
  ): Promise<WrittenRow[]> {
    const columns = messages.map(toColumns);
    const { maxSessionsPerOwner, maxMessagesPerSession } = this.database.settings;
    return this.database.call<WrittenRow>(
      "write_session",
      {
        mode,
        owner: toText(key.owner),
        id: toText(key.id),
        title: toTextOrNull(init.title),
        system_prompt: toTextOrNull(init.systemPrompt),
        model: toTextOrNull(init.model),
        metadata: JSON.stringify(init.metadata ?? {}),
        ids: columns.map((column) => column.id),
        roles: columns.map((column) => column.role),
        statuses: columns.map((column) => column.status),
        turns: columns.map((column) => column.turn),
        characters: columns.map((column) => column.characters),
        usable: columns.map((column) => column.usable),
        bodies: columns.map((column) => column.body),
        last: window ? toInteger(window.last) : null,
        max_characters: window ? window.maxCharacters : null,
        before: window?.before === undefined ? null : toInteger(window.before),
        max_sessions: boundOrNull(maxSessionsPerOwner),
        max_messages: boundOrNull(maxMessagesPerSession),
      },
      mode === "create" ? "once" : "repeatable",
    );
  }

  /** Takes away in one step, then erases the messages batch by batch. */
  async #erase(name: string, values: { readonly [name: string]: unknown }): Promise<number | undefined> {
    const [erasure] = await this.database.call<Erasure>(name, values, "once");
    if (!erasure) return undefined;
    for (let { done } = erasure; !done;) {
      const [more] = await this.database.call<{ erase: boolean }>("erase", { numbers: erasure.numbers });
      done = more?.erase ?? true;
    }
    return erasure.count;
  }
}

const full = () => new ChatError("sessions_full", "Delete a session before starting another one.");

/** A cursor is the place of the last session shown: its time, a dot, its id. */
function placeOf(cursor: string): { updatedMs: number; id: string } {
  const [, time, id] = /^(\d{1,15})\.([^]*)$/.exec(cursor) ?? [];
  if (time === undefined || id === undefined)
    throw new ChatError("invalid_request", "The cursor is not one that this list gave out.");
  return { updatedMs: Number(time), id };
}
