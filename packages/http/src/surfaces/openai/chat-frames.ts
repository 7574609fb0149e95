import type { ChatError, Turn } from "@parlor/core";
import type { Frames } from "../../stream/follow.ts";
import { failureOfEvent } from "../../stream/opening.ts";
import { dataWithoutId, eventFormat } from "../../stream/sse-encode.ts";
import { toCreated, toFinishReason, toToolCall, toUsage } from "./chat-reply.ts";
import { toError } from "./failure.ts";

export interface ChatFramesOptions {
  /** Whether a tool is the client's. */
  readonly isTheirs: (tool: string) => boolean;
  readonly includeUsage: boolean;
  /** It has had the beginning before. */
  readonly resumed: boolean;
}

/** A turn as chunks of a chat completion. */
export function chatFrames(turn: Turn, { isTheirs, includeUsage, resumed }: ChatFramesOptions): Frames {
  const { start, middle, end } = eventFormat(turn.id);
  // Everything that stays the same is put together once per stream.
  const head = `{"id":${JSON.stringify(`chatcmpl-${turn.message}`)},"object":"chat.completion.chunk","created":${toCreated(turn.createdAt)},"model":${JSON.stringify(turn.model)},`;
  const noUsage = includeUsage ? `,"usage":null}` : "}";
  const delta = `${head}"choices":[{"index":0,"delta":`;
  const more = `,"logprobs":null,"finish_reason":null}]${noUsage}`;
  let begun = resumed;
  let calls = 0;

  const chunk = (offset: number, body: string) => start + offset + middle + delta + body + more + end;
  const fail = (error: ChatError) => dataWithoutId(JSON.stringify(toError(error)));

  return {
    batch(events) {
      let out = "";
      if (!begun && events.length > 0) {
        begun = true;
        out = dataWithoutId(`${delta}{"role":"assistant","content":""}${more}`);
      }
      for (const event of events) {
        if (event.type === "text") out += chunk(event.offset, `{"content":${JSON.stringify(event.text)}}`);
        else if (event.type === "reasoning")
          out += chunk(event.offset, `{"reasoning_content":${JSON.stringify(event.text)}}`);
        else if (event.type === "tool-call" && isTheirs(event.name)) {
          out += chunk(event.offset, JSON.stringify({ tool_calls: [{ index: calls++, ...toToolCall(event) }] }));
        } else if (event.type === "end") {
          const failure = failureOfEvent(event);
          if (failure) return out + fail(failure);
          const reason = JSON.stringify(toFinishReason(event.finishReason));
          out += dataWithoutId(`${delta}{},"logprobs":null,"finish_reason":${reason}}]${noUsage}`);
          if (includeUsage)
            out += dataWithoutId(`${head}"choices":[],"usage":${JSON.stringify(toUsage(event.usage))}}`);
          // Only this one says that there is nothing to come back for.
          out += `${start}${event.offset}${middle}[DONE]${end}`;
        }
      }
      return out;
    },
    failure: fail,
  };
}
