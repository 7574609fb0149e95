import { ChatError, type Session, type SessionKey } from "@parlor/core";
import { type Call, unavailable } from "./call.ts";
import { Draft } from "./draft.ts";
import { eraseSession } from "./erase.ts";
import { type Head, newHead } from "./head.ts";
import { PageGone } from "./history.ts";
import { sessionNames } from "./names.ts";
import type { Settings } from "./options.ts";
import { type Change, Owners } from "./owners.ts";
import { Queue, together } from "./queue.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Totals } from "./totals.ts";

const dayMs = 86_400_000;

/** How sessions are made, changed and removed, one write of a session after the other. */
export class Writes {
  readonly owners: Owners;
  readonly #records: Records;
  readonly #settings: Settings;
  readonly #queue = new Queue();
  /** The first page number that no failed write of this process can have used: a late one must not land on a newer page. */
  readonly #unused = new Map<string, number>();

  constructor(records: Records, settings: Settings, registry: Registry, totals: Totals) {
    this.#records = records;
    this.#settings = settings;
    this.owners = new Owners(settings, registry, totals, (key) => {
      const finish = (call: Call, found: Draft | undefined) =>
        found ? this.owners.tidy(call, key.owner, key.id) : this.forget(call, key);
      // Whoever meets it next tries again.
      this.run(key, finish).catch(() => {});
    });
  }

  /** Runs a write on the session as it is then, if it is there. */
  run<T>(key: SessionKey, write: (call: Call, found: Draft | undefined) => Promise<T>): Promise<T> {
    return this.#records.call((call) =>
      this.#queue.run(sessionNames(key).head, async () => {
        const head = await this.head(call, key);
        if (head && !this.isAlive(head)) await this.remove(call, key, head);
        try {
          return await write(call, head && this.isAlive(head) ? this.draft(call, key, head) : undefined);
        } catch (error) {
          throw error instanceof PageGone ? unavailable(error) : error;
        }
      }),
    );
  }

  async head(call: Call, { owner, id }: SessionKey): Promise<Head | undefined> {
    const head = await call.find<Head>(sessionNames({ owner, id }).head);
    if (head && (head.session.owner !== owner || head.session.id !== id))
      throw unavailable("a record belongs to another session");
    return head;
  }

  /** One that is being answered stays, but not for more than a day. */
  isAlive({ gone, updatedMs, streaming }: Head): boolean {
    const { ttlMs, clock } = this.#settings;
    return !gone && updatedMs + ttlMs + (streaming > 0 ? dayMs : 0) > clock.now();
  }

  /** The session as it can be changed and saved. */
  draft(call: Call, key: SessionKey, head: Head): Draft {
    const names = sessionNames(key);
    return new Draft(call, names, head, this.#unused.get(names.head) ?? 0);
  }

  /**
   * Stores what changed: first what nobody looks at yet (pages under new names, the announcement to the owner's index), then the
   * head. A crash in between leaves the session as it was; the next write uses the same names again.
   */
  async save(call: Call, key: SessionKey, draft: Draft): Promise<Session> {
    if (!draft.changed) return draft.session;
    const names = sessionNames(key);
    const { head, isNew, session } = draft;
    const messages = session.messageCount - head.session.messageCount;
    const change: Change = { id: key.id, ms: 0, old: head.updatedMs, sessions: isNew ? 1 : 0, messages };
    try {
      const announce = () => this.owners.announce(call, key.owner, change);
      const prepare = () => together([call.set(draft.pageRecords()), draft.clean()]);
      // A session that may be refused leaves no pages behind.
      if (isNew) {
        await announce().catch((error: unknown) => this.#makeRoom(call, key.owner, error));
        if (change.ms === 0) await announce();
        await prepare();
      } else await together([announce(), prepare()]);
      await call.set([draft.finish(change.ms)]);
      this.owners.made(key.owner, change);
      this.#unused.delete(names.head);
      return draft.session;
    } catch (error) {
      this.owners.gaveUp(key.owner, change);
      this.#unused.set(names.head, draft.nextPage);
      throw error;
    }
  }

  /** From the moment its head says so the session is gone; then everything of it goes, the head last. */
  async remove(call: Call, { owner, id }: SessionKey, head: Head): Promise<void> {
    const names = sessionNames({ owner, id });
    const messages = -head.session.messageCount;
    const change: Change = { id, ms: 0, old: head.updatedMs, sessions: -1, messages };
    try {
      await this.owners.announce(call, owner, change);
      await call.set([[names.head, JSON.stringify({ ...head, gone: true })]]);
      await eraseSession(call, names, head);
      await call.delete([names.head]);
      this.owners.made(owner, change, head.gone);
    } catch (error) {
      this.owners.gaveUp(owner, change);
      throw error;
    }
    this.#unused.delete(names.head);
    await this.owners.tidy(call, owner, id);
  }

  /** What a write left behind that did not come to make the session. */
  async forget(call: Call, key: SessionKey): Promise<void> {
    await eraseSession(call, sessionNames(key), newHead(key, {}));
    await this.owners.tidy(call, key.owner, key.id);
  }

  /** An owner who has as many sessions as allowed may still have some whose time is over. */
  async #makeRoom(call: Call, owner: string, error: unknown): Promise<void> {
    const isFull = ChatError.isInstance(error) && error.code === "sessions_full";
    const ids = isFull ? await this.owners.expired(call, owner, 1) : [];
    if (ids.length === 0) throw error;
    for (const id of ids) await this.expire(call, { owner, id });
  }

  /** Removes a session if its time is over; whether it did. */
  expire(call: Call, key: SessionKey): Promise<boolean> {
    return this.#queue.run(sessionNames(key).head, async () => {
      const head = await this.head(call, key);
      if (!head || this.isAlive(head)) return false;
      await this.remove(call, key, head);
      return true;
    });
  }
}
