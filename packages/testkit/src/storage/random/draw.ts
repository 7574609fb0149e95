/** Draws that a seed decides: the same ones each time. */
export class Random {
  #state: number;

  /** A whole number; its lowest 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 to `bound`, exclusively. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  /** Both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  one<const T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** Each choice as often as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, make: () => T])[]): T {
    let left = this.#next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    const [, make] = choices.find(([weight]) => (left -= weight) < 0) ?? (choices[0] as (typeof choices)[number]);
    return make();
  }

  /** Mulberry32: small, and good enough for tests. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}
