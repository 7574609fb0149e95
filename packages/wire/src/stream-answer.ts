import { ChatError, type BackendEvent } from "@parlor/core";
import { readsOf, type Reads } from "./body.ts";
import type { PassiveHealth } from "./health.ts";
import type { Answer } from "./node-fetch.ts";
import { retrying } from "./retry.ts";

/** No more is read of an answer that comes in one piece, in characters. */
const maxWhole = 8_388_608;

/** Makes events of an answer's text. None of its methods throws: what goes wrong is its `failure`. */
export interface EventReader {
  /** Nothing more is wanted: the answer is whole, or it failed. */
  readonly done: boolean;
  /** Thrown once the events that came before it have been given. */
  readonly failure: ChatError | undefined;
  /** The events of what one read brought. */
  feed(text: string): readonly BackendEvent[];
  /** The body ended, well or (`cause`) not. Sets `failure` if the model had not said that it is done. */
  end(cause?: unknown): readonly BackendEvent[];
  /** An answer that came as JSON, in one piece. */
  whole(text: string): readonly BackendEvent[];
}

export interface Conversation {
  /** The service, for sentences. */
  readonly name: string;
  /** Sends the request; resolves at the headers of a successful answer. Throws ChatErrors. */
  readonly ask: () => Promise<Answer>;
  readonly events: EventReader;
  readonly retries: number;
  readonly health: PassiveHealth;
}

/**
 * One call as `ModelBackend.generate` gives it: asks, tries again until there is an answer, and yields one array per network read.
 * An abort ends it quietly and cuts the connection, as does a reader that leaves.
 */
export async function* streamAnswer(
  { name, ask, events, retries, health }: Conversation,
  signal: AbortSignal,
): AsyncGenerator<readonly BackendEvent[]> {
  if (signal.aborted) return;
  let reads: Reads | undefined;
  const cut = (): void => reads?.close();
  signal.addEventListener("abort", cut);
  try {
    const answer = await retrying(ask, { retries, signal });
    reads = readsOf(answer.body);
    const read = kindOf(answer, name) === "stream" ? nextBatch : wholeAnswer;
    while (!events.done && !signal.aborted) {
      const batch = await read(reads, events);
      if (batch.length > 0 && !signal.aborted) yield batch;
    }
    if (events.failure && !signal.aborted) throw events.failure;
    health.answered();
  } catch (error) {
    if (signal.aborted) return;
    health.failed(error);
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
    if (events.done && events.failure === undefined) reads?.release();
    else reads?.close();
  }
}

/** The end of the body and a broken connection are told apart by what the model had said until then. */
async function nextBatch(reads: Reads, events: EventReader): Promise<readonly BackendEvent[]> {
  let text: string | undefined;
  try {
    text = await reads.next();
  } catch (error) {
    return events.end(error);
  }
  return text === undefined ? events.end() : events.feed(text);
}

function kindOf(answer: Answer, name: string): "stream" | "json" {
  const type = answer.headers.get("content-type") ?? "text/event-stream";
  const encoding = answer.headers.get("content-encoding") ?? "identity";
  // A fetch that was brought along decodes by itself; ours asked for plain bytes.
  const plain = encoding === "identity" || (answer.body !== null && "getReader" in answer.body);
  if (plain && /^text\/event-stream\b/i.test(type)) return "stream";
  if (plain && /^application\/json\b/i.test(type)) return "json";
  throw new ChatError("upstream_invalid", `${name} answered neither an event stream nor JSON. Check the base URL.`);
}

async function wholeAnswer(reads: Reads, events: EventReader): Promise<readonly BackendEvent[]> {
  let text = "";
  try {
    for (let part; text.length <= maxWhole && (part = await reads.next()) !== undefined;) text += part;
  } catch (error) {
    return events.end(error);
  }
  return events.whole(text);
}
