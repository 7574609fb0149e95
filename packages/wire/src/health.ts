import { ChatError, type ErrorCode, type Health } from "@parlor/core";

const serious: ReadonlySet<ErrorCode> = new Set(["backend_unavailable", "backend_auth", "backend_quota"]);
/** So many calls in a row. */
const enough = 3;
/** Without calls nothing tells that it is well again: after so long it is taken for well. */
const memoryMs = 15_000;

/** What the last calls say of the service: nobody is asked. */
export class PassiveHealth {
  readonly #now: () => number;
  #failures = 0;
  #lastAt = 0;
  #detail = "";

  /** `now`: milliseconds, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  answered(): void {
    this.#failures = 0;
  }

  failed(error: unknown): void {
    if (!ChatError.isInstance(error) || !serious.has(error.code)) return;
    this.#failures++;
    this.#lastAt = this.#now();
    this.#detail = error.message;
  }

  get state(): Health {
    const ill = this.#failures >= enough && this.#now() - this.#lastAt < memoryMs;
    return ill ? { healthy: false, detail: this.#detail } : { healthy: true };
  }
}
