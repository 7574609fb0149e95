import type { ChatError, TurnEvent } from "@parlor/core";
import type { Frames } from "../../stream/follow.ts";
import { eventFormat, eventWithoutId } from "../../stream/sse-encode.ts";
import {
  callItem,
  lastStatusOf,
  messageItem,
  reasoningItem,
  type Shown,
  textPart,
  toResponse,
} from "./responses-reply.ts";

/** An item that is being written. */
interface Open {
  readonly kind: "text" | "reasoning";
  readonly index: number;
  readonly id: string;
  text: string;
}

type Event = { readonly type: string; readonly [field: string]: unknown };

/**
 * A turn as events of this protocol. They are numbered through, and each item says at its end what it became, so a reader that comes back
 * is sent all of it again: a turn is followed from its beginning whatever was seen.
 */
export function responsesFrames(shown: Shown): Frames {
  const { turn } = shown;
  const output: object[] = [];
  let open: Open | undefined;
  let sequence = 0;
  let messages = 0;

  const write = (event: Event, offset: number): string => {
    const { start, middle, end } = eventFormat(turn.id, event.type);
    const { type, ...fields } = event;
    return start + offset + middle + JSON.stringify({ type, sequence_number: sequence++, ...fields }) + end;
  };

  function begin(kind: Open["kind"]): readonly Event[] {
    const index = output.length;
    const item =
      kind === "text" ? messageItem(turn, "", "in_progress", messages) : reasoningItem(turn, index, "", "in_progress");
    open = { kind, index, id: item.id, text: "" };
    const added = { type: "response.output_item.added", output_index: index, item };
    if (kind === "reasoning") return [added];
    return [added, { type: "response.content_part.added", ...place(open), part: textPart("") }];
  }

  function finish(status?: "completed" | "incomplete"): readonly Event[] {
    if (!open) return [];
    const { kind, index, text } = open;
    const at = place(open);
    const item =
      kind === "text" ? messageItem(turn, text, status, messages++) : reasoningItem(turn, index, text, status);
    open = undefined;
    output.push(item);
    const done = { type: "response.output_item.done", output_index: index, item };
    if (kind === "reasoning") return [{ type: "response.reasoning_text.done", ...at, text }, done];
    return [
      { type: "response.output_text.done", ...at, text, logprobs: [] },
      { type: "response.content_part.done", ...at, part: textPart(text) },
      done,
    ];
  }

  function say(kind: Open["kind"], delta: string): readonly Event[] {
    const before = open?.kind === kind ? [] : [...finish(), ...begin(kind)];
    const item = open as Open;
    item.text += delta;
    const type = kind === "text" ? "response.output_text.delta" : "response.reasoning_text.delta";
    return [...before, { type, ...place(item), delta, ...(kind === "text" && { logprobs: [] }) }];
  }

  function call(event: Extract<TurnEvent, { type: "tool-call" }>): readonly Event[] {
    const before = finish();
    const item = callItem(event);
    const at = { item_id: item.id, output_index: output.length };
    output.push(item);
    const { output_index } = at;
    return [
      ...before,
      { type: "response.output_item.added", output_index, item: callItem(event, "in_progress") },
      { type: "response.function_call_arguments.delta", ...at, delta: item.arguments },
      { type: "response.function_call_arguments.done", ...at, name: item.name, arguments: item.arguments },
      { type: "response.output_item.done", output_index, item },
    ];
  }

  function end({ type: _type, offset: _offset, meta: _meta, ...outcome }: Extract<TurnEvent, { type: "end" }>) {
    const before = finish(lastStatusOf(outcome));
    const response = toResponse(shown, output, outcome);
    const { status } = response;
    const type = status === "completed" || status === "failed" ? status : "incomplete";
    return [...before, { type: `response.${type}`, response }];
  }

  function eventsOf(event: TurnEvent): readonly Event[] {
    if (event.type === "text" || event.type === "reasoning") return say(event.type, event.text);
    if (event.type === "tool-call") return shown.isTheirs(event.name) ? call(event) : [];
    return event.type === "end" ? end(event) : [];
  }

  return {
    batch(events) {
      let out = "";
      if (sequence === 0 && events.length > 0) {
        const response = toResponse(shown, [], undefined);
        for (const type of ["response.created", "response.in_progress"]) out += write({ type, response }, 0);
      }
      for (const event of events) for (const each of eventsOf(event)) out += write(each, event.offset);
      return out;
    },
    failure: (error: ChatError) =>
      eventWithoutId(
        "error",
        JSON.stringify({
          type: "error",
          sequence_number: sequence++,
          code: error.code,
          message: error.message,
          param: null,
        }),
      ),
  };
}

const place = ({ id, index }: Open) => ({ item_id: id, output_index: index, content_index: 0 });
