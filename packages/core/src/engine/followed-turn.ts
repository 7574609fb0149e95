import type { SessionKey, TurnEvent, TurnRecord, TurnStore } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { Answer } from "./answer.ts";
import { fold } from "./fold.ts";
import { toReply } from "./live-turn.ts";
import type { Parts } from "./parts.ts";
import { pastTheEnd } from "./replay.ts";
import type { Reader, Reply, Turn } from "./types.ts";

/** Where a turn's writer says that there is more. */
export const moreTopic = (turn: string): string => `more:${turn}`;
/** Where any node asks the others to stop a turn. */
export const stopTopic = "stop";

const pollMs = 1_000;
const pageSize = 256;
/** How often, and for how long, a stop looks whether the turn's own process has ended it. */
const lookMs = 50;
const stopMs = 5_000;
/** How long a look at a turn counts as listening: three polls. */
const attendMs = 3 * pollMs;

/** A turn that another process runs, or that has ended: read from its log. */
export class FollowedTurn implements Turn {
  readonly id: string;
  readonly key: SessionKey;
  readonly stored: boolean;
  readonly message: string;
  readonly model: string;
  readonly createdAt: string;
  readonly #record: TurnRecord;
  readonly #parts: Parts;
  readonly #turns: TurnStore;

  constructor(parts: Parts, record: TurnRecord, stored: boolean) {
    this.id = record.id;
    this.key = record.key;
    this.message = record.message;
    this.model = record.model;
    this.createdAt = record.createdAt;
    this.stored = stored;
    this.#record = record;
    this.#parts = parts;
    this.#turns = stored ? parts.storage.turns : parts.localLog.turns;
  }

  subscribe(after: number, reader: Reader): () => void {
    const state = { open: true, wake: () => {} };
    this.#follow(after, reader, state).catch((error: unknown) => {
      if (state.open) reader.onError?.(ChatError.from(error, "store_unavailable", "The turn's log could not be read."));
    });
    return () => {
      state.open = false;
      state.wake();
    };
  }

  async at(offset: number): Promise<TurnEvent | undefined> {
    const page = await this.#turns.read(this.key, this.id, offset - 1, 1);
    const event = page?.events[0];
    return event?.offset === offset ? event : undefined;
  }

  async reply(): Promise<Reply> {
    const answer = new Answer();
    const outcome = await new Promise<Extract<TurnEvent, { type: "end" }>>((resolve, reject) => {
      this.subscribe(0, {
        onBatch: (events) => {
          for (const event of events) {
            if (event.type === "end") resolve(event);
            else answer.add(event);
          }
        },
        onError: reject,
      });
    });
    const { type: _type, offset: _offset, meta: _meta, ...rest } = outcome;
    return toReply(this, answer, rest);
  }

  async stop(): Promise<void> {
    await this.#turns.stop(this.key);
    await this.#parts.storage.bus.publish(stopTopic, this.id);
    const { clock } = this.#parts;
    for (const since = clock.monotonic(); clock.monotonic() - since < stopMs;) {
      const record = await this.#turns.get(this.key, this.id);
      if (!record || record.outcome) return;
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
    }
  }

  async #follow(after: number, reader: Reader, state: { open: boolean; wake: () => void }): Promise<void> {
    let offset = after;
    let unsubscribe: (() => void) | undefined;
    try {
      for (let idle = 0; state.open;) {
        const page = await this.#turns.read(this.key, this.id, offset, pageSize);
        if (!state.open) return;
        if (page === undefined) {
          reader.onBatch(await this.#eventsOfMessage(offset));
          return;
        }
        const last = page.events.at(-1);
        if (last) {
          idle = 0;
          offset = last.offset;
          if (reader.onBatch(page.events) === false || last.type === "end") return;
          continue;
        }
        if (page.ended) {
          const before = await this.#turns.read(this.key, this.id, offset - 1, 1);
          return pastTheEnd(offset, before?.events[0]?.offset ?? -1, reader);
        }
        if (!unsubscribe) {
          unsubscribe = await this.#parts.storage.bus.subscribe(moreTopic(this.id), () => state.wake());
          await this.#turns.attend(this.key, this.id, attendMs);
          continue;
        }
        await this.#pause(state);
        await this.#turns.attend(this.key, this.id, attendMs);
        // Its writer may have died: then this reader ends it.
        if ((idle += 1) % 3 === 0) await fold(this.#parts, this.#record);
      }
    } finally {
      unsubscribe?.();
    }
  }

  /** The log has expired: who wants all of it gets it from the message. */
  async #eventsOfMessage(after: number): Promise<readonly TurnEvent[]> {
    const message =
      after === 0 && this.stored ? await this.#parts.storage.sessions.message(this.key, this.message) : undefined;
    if (!message || message.status === "streaming") {
      throw new ChatError(
        "cursor_expired",
        "This turn's stream is no longer kept; read the session's messages instead.",
      );
    }
    const events: TurnEvent[] = [];
    for (const part of message.parts) {
      const offset = events.length + 1;
      if (part.type === "text") events.push({ ...part, offset, index: 0 });
      else if (part.type === "reasoning" || part.type === "tool-call" || part.type === "tool-result")
        events.push({ ...part, offset });
    }
    const { usage, finishReason, generationMs } = message.meta ?? {};
    const outcome = this.#record.outcome ?? { status: "complete" as const };
    events.push({
      type: "end",
      offset: events.length + 1,
      ...(usage && { usage }),
      ...(finishReason && { finishReason }),
      ...(generationMs !== undefined && { generationMs }),
      ...outcome,
    });
    return events;
  }

  async #pause(state: { wake: () => void }): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(pollMs, resolve);
      state.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
