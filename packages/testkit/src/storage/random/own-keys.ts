import type { SessionKey, Storage } from "@parlor/core";

/** One of the storages that a game is played on: the one whose turn it is, under names that no other run has. */
export class OwnKeys {
  protected readonly storage: () => Storage;
  readonly #unique: string;

  constructor(storage: () => Storage, unique: string) {
    this.storage = storage;
    this.#unique = unique;
  }

  owner(name: string): string {
    return `${name} ${this.#unique}`;
  }

  key({ owner, id }: SessionKey): SessionKey {
    return { owner: this.owner(owner), id };
  }
}
