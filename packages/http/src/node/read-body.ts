import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import { ChatError } from "@parlor/core";
import { tooLarge } from "../input/too-large.ts";

/** Bytes beyond the limit that are taken off the wire all the same. */
const mostDropped = 67_108_864;

/**
 * A body as text, at most `limit` bytes. Of a larger one the rest is read and dropped for a while: a client that is still sending
 * would lose the reply to a reset.
 */
export function readBody(incoming: Readable, announced: number, limit: number): Promise<string> {
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
      const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      if (isUtf8(whole)) resolve(whole.toString("utf8"));
      else reject(new ChatError("invalid_json", "The body is not valid UTF-8."));
    });
  });
}
