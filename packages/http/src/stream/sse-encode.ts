/** The wire format of server-sent events, and nothing else. */

/** A comment: keeps the connection alive, no client sees it. */
export const heartbeat = ":\n\n";

/**
 * Everything of an event but its offset and its data, made once per stream: `start + offset + middle + data + end`.
 * `data` must be one line, as JSON is.
 */
export interface EventFormat {
  readonly start: string;
  readonly middle: string;
  readonly end: string;
}

export function eventFormat(stream: string, event?: string): EventFormat {
  const name = event === undefined ? "" : `event: ${field(event)}\n`;
  return { start: `${name}id: ${field(stream)}:`, middle: "\ndata: ", end: "\n\n" };
}

/** An event that leaves the client's last id as it is. */
export function eventWithoutId(event: string, data: string): string {
  return `event: ${field(event)}\ndata: ${data}\n\n`;
}

/** The same for events without a name. */
export function dataWithoutId(data: string): string {
  return `data: ${data}\n\n`;
}

/** No event: tells the client where it stands and, in milliseconds, when to come back after a break. */
export function position(stream: string, offset: number, retryMs: number): string {
  return `retry: ${Math.round(retryMs)}\nid: ${field(stream)}:${offset}\n\n`;
}

/** A line break or NUL in an id or a name would begin a field of its own. */
function field(value: string): string {
  return value.replace(/[\r\n\0]/g, "");
}
