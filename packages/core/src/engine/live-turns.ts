import type { LiveTurn } from "./live-turn.ts";

const buckets = 256;

/**
 * The turns of this process by id. No map: each table that one outgrows leads to the next for the sake of its iterators, so once
 * one has grown old, V8 would keep all turns that come and go, with all they hold, until it collects everything. Nor an object: it
 * would enter each id into V8's table of all names (decision 13).
 */
export class LiveTurns {
  readonly #buckets: LiveTurn[][] = Array.from({ length: buckets }, () => []);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): LiveTurn | undefined {
    return this.#bucketOf(id).find((turn) => turn.id === id);
  }

  /** One that is not there yet. */
  add(turn: LiveTurn): void {
    this.#bucketOf(turn.id).push(turn);
    this.#size += 1;
  }

  delete(turn: LiveTurn): void {
    const bucket = this.#bucketOf(turn.id);
    const at = bucket.indexOf(turn);
    if (at < 0) return;
    bucket.splice(at, 1);
    this.#size -= 1;
  }

  all(): LiveTurn[] {
    return this.#buckets.flat();
  }

  /** By its last two characters, the most random ones of an id. */
  #bucketOf(id: string): LiveTurn[] {
    const hash = 31 * id.charCodeAt(id.length - 1) + id.charCodeAt(id.length - 2);
    // An engine may be given ids of one character.
    return this.#buckets[hash % buckets || 0] as LiveTurn[];
  }
}
