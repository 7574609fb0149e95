export interface ServerEvent {
  /** Default: `message`. */
  readonly event: string;
  /** The last id seen up to here; "" when there was none. */
  readonly id: string;
  readonly data: string;
}

/** Reads server-sent events as browsers do: an event without data is none, but its id counts; an unfinished one is dropped. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let id = "";
  for await (const bytes of body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
        if (name === "event") event = value;
        else if (name === "id") id = value;
        else if (name === "data") data.push(value);
      }
      if (data.length > 0) yield { event, id, data: data.join("\n") };
    }
  }
}

/** All that come. */
export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** A chunk of the v1 protocol. */
export interface Chunk {
  readonly content: string;
  readonly session_id: string;
  readonly message_id: string;
  readonly chunk_id: number;
  readonly is_final: boolean;
  readonly timestamp: string;
}

export const chunksOf = (events: readonly ServerEvent[]): Chunk[] =>
  events.filter(({ event }) => event === "chunk").map(({ data }) => JSON.parse(data));

/** The answer as a v1 client puts it together. */
export const textOf = (events: readonly ServerEvent[]): string =>
  chunksOf(events)
    .map((chunk) => chunk.content)
    .join("");
