import type { Turn, TurnEvent } from "@parlor/core";
import type { Frames } from "../../stream/follow.ts";
import { failureOfEvent } from "../../stream/opening.ts";
import { dataWithoutId, eventFormat } from "../../stream/sse-encode.ts";
import { toErrorText, toMetadata } from "./shape.ts";

type ToolEvent = Extract<TurnEvent, { type: "tool-call" | "tool-result" }>;
type End = Extract<TurnEvent, { type: "end" }>;

/**
 * A turn as the parts of a UI message stream, from its beginning: a delta means nothing to who has not had its start.
 * By `uiMessageChunkSchema` of ai 7.0.173; an unknown type or a delta without a start fails the whole stream there.
 */
export function uiStreamFrames(turn: Turn): Frames {
  const { start, middle, end } = eventFormat(turn.id);
  let begun = false;
  let inStep = false;
  let blocks = 0;
  let open: "text" | "reasoning" | undefined;
  /** The beginning of each delta of the open block, up to its text. */
  let delta = "";

  const record = (offset: number, data: string) => start + offset + middle + data + end;
  const part = (value: object) => dataWithoutId(JSON.stringify(value));

  function begin(): string {
    if (begun) return "";
    begun = true;
    return part({ type: "start", messageId: turn.message, messageMetadata: toMetadata(turn) });
  }

  function step(): string {
    if (inStep) return "";
    inStep = true;
    return begin() + part({ type: "start-step" });
  }

  function close(): string {
    if (!open) return "";
    const type = open;
    open = undefined;
    return part({ type: `${type}-end`, id: String(blocks) });
  }

  function say(offset: number, type: "text" | "reasoning", text: string): string {
    if (text === "") return "";
    let out = "";
    if (open !== type) {
      out = close() + step() + part({ type: `${type}-start`, id: String((blocks += 1)) });
      open = type;
      delta = `{"type":"${type}-delta","id":"${blocks}","delta":`;
    }
    return out + record(offset, `${delta}${JSON.stringify(text)}}`);
  }

  function tool(event: ToolEvent): string {
    const { id: toolCallId, offset } = event;
    if (event.type === "tool-call") {
      const called = { type: "tool-input-available", toolCallId, toolName: event.name, input: event.input ?? {} };
      return close() + step() + record(offset, JSON.stringify(called));
    }
    const given = event.isError
      ? { type: "tool-output-error", toolCallId, errorText: toErrorText(event.output) }
      : { type: "tool-output-available", toolCallId, output: event.output };
    return record(offset, JSON.stringify(given));
  }

  function over(event: End): string {
    const failure = failureOfEvent(event);
    const stopped = event.status === "interrupted";
    const { status, finishReason = "other" } = event;
    let out = close() + step();
    if (failure) out += part({ type: "error", errorText: failure.message });
    else if (stopped) out += part({ type: "abort" });
    else out += part({ type: "finish-step" });
    // Of a stopped turn, so that a client does not go on by itself.
    if (!failure)
      out += part({
        type: "finish",
        finishReason: stopped ? "interrupted" : finishReason,
        messageMetadata: { status },
      });
    // Only this one says that there is nothing to come back for.
    return out + record(event.offset, "[DONE]");
  }

  /** What the tools gave ends a step; what comes next begins another. */
  function nextStep(event: TurnEvent, before: TurnEvent | undefined): string {
    return before?.type === "tool-result" && event.type !== "tool-result" && inStep ? leave() : "";
  }

  function leave(): string {
    inStep = false;
    return part({ type: "finish-step" });
  }

  let last: TurnEvent | undefined;
  return {
    batch(events) {
      let out = "";
      for (const event of events) {
        out += nextStep(event, last);
        if (event.type === "text" || event.type === "reasoning") {
          out += say(event.offset, event.type, event.text);
          // As in the stored message: nothing is added to a part that the provider has signed.
          if (event.meta) out += close();
        } else if (event.type === "end") out += over(event);
        else out += tool(event);
        last = event;
      }
      return out;
    },
    failure: (error) => part({ type: "error", errorText: error.message }),
  };
}
