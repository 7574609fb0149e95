import type { LoggedEvent } from "../contracts/index.ts";

/** The events of a turn that is over, from offset 1 on, in a fifth of the memory: nearly all of them are text that follows text. */
export class PackedLog {
  readonly #text: string;
  /** Of each text in `#text`. */
  readonly #lengths: readonly number[];
  /** What could not be told from its neighbours. */
  readonly #others: readonly LoggedEvent[];

  constructor(events: readonly LoggedEvent[]) {
    const texts: string[] = [];
    const others: LoggedEvent[] = [];
    let index = 0;
    for (const event of events) {
      if (event.type === "text" && event.meta === undefined && event.index === index) texts.push(event.text);
      else others.push(event);
      if (event.type === "text") index = event.index + 1;
    }
    this.#text = texts.join("");
    this.#lengths = texts.map(({ length }) => length);
    this.#others = others;
  }

  events(): LoggedEvent[] {
    const events: LoggedEvent[] = [];
    const others = this.#others.values();
    let other = others.next().value;
    let index = 0;
    let at = 0;
    const take = (event: LoggedEvent): void => {
      events.push(event);
      if (event.type === "text") index = event.index + 1;
    };
    const takeOthers = (): void => {
      for (; other?.offset === events.length + 1; other = others.next().value) take(other);
    };
    takeOthers();
    for (const length of this.#lengths) {
      take({
        type: "text",
        text: this.#text.slice(at, (at += length)),
        offset: events.length + 1,
        index,
      });
      takeOthers();
    }
    return events;
  }
}
