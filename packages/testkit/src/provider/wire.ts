import { setImmediate } from "node:timers";
import type { ServerResponse } from "node:http";

/** How bytes travel. Positions count the bytes of the body. */
export interface Wire {
  /** Default `\n`. */
  readonly lineEnd?: "\n" | "\r\n" | "\r";
  /** Starts with a byte order mark. */
  readonly bom?: boolean;
  /** Records per write, each write in its own turn of the event loop. Default: all in one. */
  readonly perWrite?: number;
  /** Milliseconds between writes; default 0. */
  readonly paceMs?: number;
  /** HTTP chunks of so many bytes, or cut at these positions. Overrides `perWrite`. */
  readonly split?: number | readonly number[];
  /** What happens after so many bytes: the body ends well, the connection ends (FIN), is reset (RST), or nothing more comes. */
  readonly cut?: { readonly at: number; readonly how: "end" | "fin" | "reset" | "stall" };
  /** The byte at this position is another one. */
  readonly corrupt?: number;
  /** After the rest this comes again and again until the client goes. */
  readonly endless?: string;
}

/** The body as it will be written: one buffer per write. */
export function toWrites(records: readonly string[], wire: Wire): readonly Buffer[] {
  const { lineEnd = "\n", perWrite = records.length } = wire;
  const framed = lineEnd === "\n" ? records : records.map((record) => record.replaceAll("\n", lineEnd));
  const first = wire.bom ? "\uFEFF" : "";
  if (wire.split === undefined && wire.cut === undefined && wire.corrupt === undefined) {
    const writes: Buffer[] = [];
    for (let start = 0; start < framed.length; start += perWrite) {
      writes.push(Buffer.from((start === 0 ? first : "") + framed.slice(start, start + perWrite).join("")));
    }
    return writes;
  }
  const bytes = Buffer.from(first + framed.join(""));
  const { corrupt, cut } = wire;
  if (corrupt !== undefined && corrupt < bytes.length) bytes[corrupt] = (bytes[corrupt] as number) ^ 0x15;
  return split(cut === undefined ? bytes : bytes.subarray(0, cut.at), wire.split);
}

function split(bytes: Buffer, at: Wire["split"]): readonly Buffer[] {
  const size = typeof at === "number" ? at : undefined;
  const positions = size
    ? Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => index * size)
    : [0, ...((at as readonly number[] | undefined) ?? [])];
  return positions.map((from, index) => bytes.subarray(from, positions[index + 1])).filter((part) => part.length > 0);
}

/** Sends the body and then does what `wire` says of the end. */
export function send(response: ServerResponse, writes: readonly Buffer[], wire: Wire): void {
  const { perWrite, paceMs = 0, split: positions, cut, endless } = wire;
  if (perWrite !== undefined && positions === undefined && cut === undefined) {
    sendOneByOne(response, writes, paceMs, endless);
    return;
  }
  for (const part of writes) response.write(part);
  finish(response, cut?.how, endless);
}

function sendOneByOne(response: ServerResponse, writes: readonly Buffer[], paceMs: number, endless?: string): void {
  let next = 0;
  const timer = paceMs > 0 ? setInterval(step, paceMs) : undefined;
  if (timer) response.once("close", () => clearInterval(timer));
  function step(): void {
    if (response.destroyed) return;
    const room = response.write(writes[next++] as Buffer);
    if (next === writes.length) {
      clearInterval(timer);
      finish(response, undefined, endless);
    } else if (timer === undefined) {
      if (room) setImmediate(step);
      else response.once("drain", step);
    }
  }
  step();
}

function finish(response: ServerResponse, how: "end" | "fin" | "reset" | "stall" | undefined, endless?: string): void {
  const { socket } = response;
  if (endless !== undefined) pump(response, Buffer.from(endless.repeat(Math.ceil(65_536 / endless.length))));
  else if (how === undefined || how === "end") response.end();
  else if (how === "stall") response.flushHeaders();
  else {
    response.flushHeaders();
    // Comes back once everything before it is in the kernel's hands.
    socket?.write("", () => (how === "fin" ? socket.end() : socket.resetAndDestroy()));
  }
}

/** Writes each record when it comes; ends with them. */
export function sendAsTheyCome(response: ServerResponse, records: AsyncIterable<string>): void {
  response.flushHeaders();
  const write = async (): Promise<void> => {
    for await (const record of records) {
      if (response.destroyed) return;
      response.write(record);
    }
    response.end();
  };
  write().catch(() => response.destroy());
}

function pump(response: ServerResponse, bytes: Buffer): void {
  const step = (): void => {
    if (response.destroyed) return;
    if (response.write(bytes)) setImmediate(step);
    else response.once("drain", step);
  };
  step();
}
