import type { ChatEngine } from "@parlor/core";
import { FreshRecords } from "../auth/fresh-records.ts";

/** The administrator as stored. */
export interface Account {
  readonly username: string;
  /** bcrypt. */
  readonly hash: string;
  /** Changes with the credentials. */
  readonly generation: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const kind = "admin:credentials";
const id = "admin";

/** Owns the administrator's conversations, whatever the account is called, and also when it had to be made anew. */
export const accountOwner = `account:${id}`;

/** The record of the one account. Who has lost the login deletes it and starts the server again. */
export class AccountRecord {
  readonly #engine: Pick<ChatEngine, "storage" | "clock">;
  readonly #records: FreshRecords;

  constructor(engine: Pick<ChatEngine, "storage" | "clock">) {
    this.#engine = engine;
    this.#records = new FreshRecords(engine, kind);
  }

  /** As it is now. */
  async read(): Promise<Account | undefined> {
    return toAccount(await this.#engine.storage.records.get(kind, id));
  }

  /** At most a second old. */
  async recent(): Promise<Account | undefined> {
    return toAccount(await this.#records.get(id));
  }

  /** False: there is an account already. Of several nodes that start at once, one makes it. */
  async create(username: string, hash: string): Promise<boolean> {
    const account = this.#make(username, hash, this.#timestamp());
    return this.#engine.storage.records.putIfAbsent(kind, id, JSON.stringify(account));
  }

  async change(username: string, hash: string): Promise<void> {
    const createdAt = (await this.read())?.createdAt ?? this.#timestamp();
    await this.#engine.storage.records.put(kind, id, JSON.stringify(this.#make(username, hash, createdAt)));
    await this.#records.changed(id);
  }

  #make(username: string, hash: string, createdAt: string): Account {
    return { username, hash, generation: crypto.randomUUID(), createdAt, updatedAt: this.#timestamp() };
  }

  #timestamp(): string {
    return new Date(this.#engine.clock.now()).toISOString();
  }
}

const toAccount = (record: string | undefined) => (record === undefined ? undefined : (JSON.parse(record) as Account));
