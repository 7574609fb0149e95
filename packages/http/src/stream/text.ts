import type { Turn } from "@parlor/core";
import type { HttpReply } from "../seam.ts";
import type { Service } from "../service.ts";
import { follow, type Frames } from "./follow.ts";
import { failureOf, opening } from "./opening.ts";
import { sseHeaders } from "./sse.ts";

export const textHeaders = { ...sseHeaders, "content-type": "text/plain; charset=utf-8" };

/** A turn as plain text: the answer as it comes and nothing else, save a last line for a failure after the start. */
export async function plainText(service: Service, turn: Turn): Promise<HttpReply> {
  const { clock } = service.engine;
  const { headersAfterMs, stallMs } = service.times;
  const start = await opening(turn, 0, headersAfterMs, clock);
  return { status: 200, headers: textHeaders, body: follow(turn, start, frames, { clock, stallMs }) };
}

const frames: Frames = {
  batch(events) {
    let text = "";
    for (const event of events) {
      if (event.type === "text") text += event.text;
      else if (event.type === "end") text += lastLine(failureOf(event));
    }
    return text;
  },
  failure: lastLine,
};

function lastLine(error: Error | undefined): string {
  return error ? `\nError: ${error.message}` : "";
}
