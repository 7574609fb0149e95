import type { Turn } from "@parlor/core";
import type { HttpReply } from "../seam.ts";
import type { Service } from "../service.ts";
import { follow, type Frames } from "./follow.ts";
import { failureOfEvent, opening } from "./opening.ts";
import { sseHeaders } from "./sse.ts";

export const textHeaders = { ...sseHeaders, "content-type": "text/plain; charset=utf-8" };

/** A turn as plain text: the answer as it comes and nothing else, save a last line for a failure after the start. */
export async function plainText(service: Service, turn: Turn): Promise<HttpReply> {
  const start = await opening(turn, 0, service.headersAfter);
  return { status: 200, headers: textHeaders, body: follow(turn, start, textFrames(), { stalls: service.stalls }) };
}

function textFrames(): Frames {
  // Half of a surrogate pair has no UTF-8 of its own: it waits for the other.
  let held = "";
  return {
    batch(events) {
      let text = held;
      held = "";
      for (const event of events) {
        if (event.type === "text") text += event.text;
        else if (event.type === "end") return text + lastLine(failureOfEvent(event));
      }
      if ((text.charCodeAt(text.length - 1) & 0xfc00) !== 0xd800) return text;
      held = text.slice(-1);
      return text.slice(0, -1);
    },
    failure: (error) => held + lastLine(error),
  };
}

function lastLine(error: Error | undefined): string {
  return error ? `\nError: ${error.message}` : "";
}
