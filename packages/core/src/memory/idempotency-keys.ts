import type { Idempotency, TurnRecord } from "../contracts/index.ts";
import { Timed, Timeline } from "./timeline.ts";

/** A key in use, and the turn it began. */
export class HeldKey extends Timed {
  readonly owner: string;
  readonly idempotency: Idempotency;
  readonly turn: { readonly record: TurnRecord };

  constructor(owner: string, idempotency: Idempotency, turn: HeldKey["turn"]) {
    super();
    this.owner = owner;
    this.idempotency = idempotency;
    this.turn = turn;
  }
}

export class IdempotencyKeys {
  /** By owner, kind, key. */
  readonly #owners = new Map<string, Map<string, Map<string, HeldKey>>>();
  readonly #ends = new Timeline<HeldKey>();
  readonly #maxKeys: number;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  find(owner: string, { kind, key }: Idempotency): HeldKey | undefined {
    return this.#owners.get(owner)?.get(kind)?.get(key);
  }

  hold(owner: string, idempotency: Idempotency, turn: HeldKey["turn"], until: number): HeldKey {
    if (this.#ends.size >= this.#maxKeys && this.#ends.first) this.free(this.#ends.first);
    const held = new HeldKey(owner, idempotency, turn);
    const kinds = this.#owners.get(owner) ?? new Map<string, Map<string, HeldKey>>();
    const keys = kinds.get(idempotency.kind) ?? new Map<string, HeldKey>();
    this.#owners.set(owner, kinds.set(idempotency.kind, keys.set(idempotency.key, held)));
    this.#ends.put(held, until);
    return held;
  }

  free(held: HeldKey): void {
    const { owner, idempotency } = held;
    const kinds = this.#owners.get(owner);
    const keys = kinds?.get(idempotency.kind);
    if (keys?.get(idempotency.key) !== held) return;
    this.#ends.remove(held);
    keys.delete(idempotency.key);
    if (keys.size === 0) kinds?.delete(idempotency.kind);
    if (kinds?.size === 0) this.#owners.delete(owner);
  }

  sweep(now: number): void {
    for (let first = this.#ends.first; first && first.dueAt <= now; first = this.#ends.first) this.free(first);
  }

  /** Frees all keys of one session, or of an owner; the cost grows with the keys of that owner. */
  forget(owner: string, id?: string): void {
    for (const keys of this.#owners.get(owner)?.values() ?? []) {
      for (const held of keys.values()) if (id === undefined || held.turn.record.key.id === id) this.free(held);
    }
  }
}
