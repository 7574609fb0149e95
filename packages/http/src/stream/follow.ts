import type { ChatError, Turn, TurnEvent } from "@parlor/core";
import type { Sink, StreamBody } from "../seam.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { Opening } from "./opening.ts";
import { heartbeat } from "./sse-encode.ts";
import type { SharedTimeout } from "../shared-timeout.ts";

/** How a protocol shows a turn. */
export interface Frames {
  /** One batch on the wire; "" when the protocol shows nothing of it. */
  batch(events: readonly TurnEvent[]): string;
  /** Reading broke off; the turn itself may go on. */
  failure(error: ChatError): string;
}

export interface FollowOptions {
  readonly stalls: SharedTimeout;
  /** Goes out with the headers. */
  readonly prelude?: string;
  /** Fills silence. */
  readonly heartbeats?: Heartbeats;
}

/** Sends a turn to one reader. A reader that is behind is unsubscribed until it has caught up: the turn's log is the buffer. */
export function follow(turn: Turn, start: Opening, frames: Frames, options: FollowOptions): StreamBody {
  return (sink) => {
    const reading = new Following(turn, start.after, frames, options, sink);
    reading.start(start.events);
    return () => reading.close();
  };
}

class Following {
  readonly #turn: Turn;
  readonly #frames: Frames;
  readonly #options: FollowOptions;
  readonly #sink: Sink;
  #after: number;
  #behind = false;
  #ended = false;
  /** Written to since the last beat. */
  #busy = true;
  #unsubscribe: (() => void) | undefined;
  #stopBeating: (() => void) | undefined;
  #leaveStalls: (() => void) | undefined;

  constructor(turn: Turn, after: number, frames: Frames, options: FollowOptions, sink: Sink) {
    this.#turn = turn;
    this.#after = after;
    this.#frames = frames;
    this.#options = options;
    this.#sink = sink;
  }

  start(events: readonly TurnEvent[]): void {
    this.#sink.onDrain(() => this.#drained());
    this.#stopBeating = this.#options.heartbeats?.add(() => this.#beat());
    if (this.#take(events, this.#options.prelude)) this.#subscribe();
  }

  /** The connection has closed. */
  close(): void {
    this.#ended = true;
    this.#unsubscribe?.();
    this.#stopBeating?.();
    this.#leaveStalls?.();
  }

  #subscribe(): void {
    this.#unsubscribe = this.#turn.subscribe(this.#after, {
      onBatch: (events) => {
        if (events.length > 0) return this.#take(events);
        // There is nothing more and never will be.
        this.#end();
        return false;
      },
      onError: (error) => {
        this.#write(this.#frames.failure(error));
        this.#end();
      },
    });
    if (this.#ended) this.#unsubscribe();
  }

  /** One write per batch. True: go on. */
  #take(events: readonly TurnEvent[], prelude = ""): boolean {
    if (this.#ended) return false;
    const flowing = this.#write(prelude + this.#frames.batch(events));
    const last = events.at(-1);
    if (last) this.#after = last.offset;
    if (last?.type === "end") this.#end();
    else if (!flowing) this.#fallBehind();
    return flowing && !this.#ended;
  }

  #write(text: string): boolean {
    if (text === "") return true;
    this.#busy = true;
    return this.#sink.write(text);
  }

  #beat(): void {
    if (!this.#busy && !this.#behind && !this.#ended && !this.#sink.write(heartbeat)) {
      this.#unsubscribe?.();
      this.#fallBehind();
    }
    this.#busy = false;
  }

  #fallBehind(): void {
    this.#behind = true;
    this.#watchForStall();
  }

  #drained(): void {
    if (!this.#behind) return;
    this.#behind = false;
    this.#leaveStalls?.();
    this.#subscribe();
  }

  #end(): void {
    this.#ended = true;
    this.#stopBeating?.();
    // What the reader does not take keeps its socket open: neither `drain` nor `close` would come.
    this.#watchForStall();
    this.#sink.end();
  }

  /** Without an end of its own, the stream can be resumed. */
  #watchForStall(): void {
    this.#leaveStalls?.();
    this.#leaveStalls = this.#options.stalls.start(() => this.#sink.abort());
  }
}
