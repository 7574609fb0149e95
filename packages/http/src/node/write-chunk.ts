import { Buffer } from "node:buffer";
import { OutgoingMessage, type ServerResponse } from "node:http";

/** Bun and Deno have a `node:http` of their own: what is written to its sockets is not what the client gets. */
const isNode = process.versions["bun"] === undefined && process.versions["deno"] === undefined;

/** Two line ends and a length in hexadecimal digits. */
const mostFraming = 12;

/**
 * Writes a chunk of a reply in chunked coding (RFC 9112, 7.1) as one piece. `response.write` makes four of it, which costs half as
 * much again (decision 13). The reply's first chunk goes by `response.write`, for it brings the headers, and its last by `response.end`.
 *
 * False: nothing is written, because `response.write` would do something else than send this at once. Somebody has put a `write` of
 * their own in its place, other writes wait in front, or the socket would have to be waited for.
 */
export function writeChunk(response: ServerResponse, text: string): boolean {
  const { socket } = response;
  if (!isNode || !socket?.writable || !response.chunkedEncoding || response.writableEnded) return false;
  if (response.write !== OutgoingMessage.prototype.write || response.writableLength > 0) return false;
  const bytes = Buffer.byteLength(text);
  // A chunk without bytes would be the last.
  if (bytes === 0 || bytes + mostFraming >= socket.writableHighWaterMark) return false;
  socket.write(`${bytes.toString(16)}\r\n${text}\r\n`, bytes === text.length ? "latin1" : "utf8");
  return true;
}
