import type { LiveTurn } from "./live-turn.ts";

/**
 * The turns of this process by id. No map: each table that one outgrows leads to the next for the sake of its iterators, so once
 * one has grown old, V8 would keep all turns that come and go, with all they hold, until it collects everything (decision 13).
 */
export class LiveTurns {
  readonly #byId: Record<string, LiveTurn> = Object.create(null);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): LiveTurn | undefined {
    return this.#byId[id];
  }

  add(turn: LiveTurn): void {
    if (!this.#byId[turn.id]) this.#size += 1;
    this.#byId[turn.id] = turn;
  }

  delete(turn: LiveTurn): void {
    if (!this.#byId[turn.id]) return;
    this.#size -= 1;
    delete this.#byId[turn.id];
  }

  all(): LiveTurn[] {
    return Object.values(this.#byId);
  }
}
