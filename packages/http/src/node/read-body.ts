import { Buffer, isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import { ChatError } from "@parlor/core";
import { tooLarge } from "../input/too-large.ts";

/** Bytes beyond the limit that are taken off the wire all the same. */
const mostDropped = 67_108_864;

/**
 * A body as text, at most `limit` bytes. Of a larger one the rest is read and dropped for a while: a client that is still sending
 * would lose the reply to a reset.
 */
export function readBody(incoming: Readable, announced: number, limit: number): Promise<{ readonly text: string }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let refused = false;
    const refuse = () => {
      refused = true;
      chunks.length = 0;
      reject(tooLarge(limit));
    };
    const gone = () =>
      reject(new ChatError("request_timeout", "The connection closed before the whole body had come."));
    if (announced > limit) refuse();
    incoming.on("error", gone).on("close", gone);
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (!refused && bytes > limit) refuse();
      if (!refused) chunks.push(chunk);
      else if (bytes > limit + mostDropped) incoming.destroy();
    });
    incoming.on("end", () => {
      incoming.off("close", gone);
      if (refused) return;
      try {
        resolve({ text: toText(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)) });
      } catch (error) {
        reject(error as ChatError);
      }
    });
  });
}

/** Throws `invalid_json` for what is not UTF-8. */
export function toText(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new ChatError("invalid_json", "The body is not valid UTF-8.");
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString("utf8");
}
