/** Something that must be over in time. */
export interface Deadline {
  readonly at: number;
  over: boolean;
  readonly expire: () => void;
}

/** Ends what takes longer than allowed. All take equally long, so one timer watches the oldest and a call costs none. */
export class Deadlines {
  readonly #ms: number;
  #waiting: Deadline[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  add(expire: () => void): Deadline {
    const deadline: Deadline = { at: performance.now() + this.#ms, over: false, expire };
    this.#waiting.push(deadline);
    if (!this.#timer) this.#timer = setTimeout(() => this.#check(), this.#ms).unref();
    return deadline;
  }

  #check(): void {
    const now = performance.now();
    this.#timer = undefined;
    const waiting = this.#waiting.filter((deadline) => !deadline.over);
    // A timer may fire a millisecond early.
    const late = waiting.filter((deadline) => deadline.at <= now + 1);
    this.#waiting = waiting.slice(late.length);
    const [next] = this.#waiting;
    if (next) this.#timer = setTimeout(() => this.#check(), next.at - now).unref();
    for (const deadline of late) {
      deadline.over = true;
      deadline.expire();
    }
  }
}
