import { ChatError, type Json, type Part, type PromptMessage } from "@parlor/core";
import { dataOf, toText } from "@parlor/wire";
import type OpenAI from "openai";
import { textOf } from "../messages.ts";

type Item = OpenAI.Responses.ResponseInputItem;
type Content = OpenAI.Responses.ResponseInputContent;

/** What of an answer goes back word for word, under the provider's name in a part's meta. */
export interface Kept {
  /** The model that said it: only it can read what is encrypted. */
  readonly model: string;
  /** A reasoning item. */
  readonly item?: Json;
  /** Of a message: `commentary` or `final_answer`. */
  readonly phase?: string;
}

type Said = Pick<PromptMessage, "role" | "parts">;

/** Who reads the items. */
export interface Reader {
  readonly name: string;
  readonly model: string;
}

/** A prompt as the Responses API has it. Throws `invalid_request` for what it has no place for. */
export function toItems(messages: readonly PromptMessage[], reader: Reader): Item[] {
  return joinUsers(messages).flatMap(({ role, parts }): Item[] => {
    if (role === "system") return [{ role: "developer", content: textOf(parts) }];
    if (role === "user") return [{ role, content: toContent(parts, reader.name) }];
    return toAnswers(parts, reader);
  });
}

/** An answer that failed before it said anything leaves two user messages in a row. */
function joinUsers(messages: readonly PromptMessage[]): readonly Said[] {
  const joined: Said[] = [];
  for (const { role, parts } of messages) {
    const last = joined.at(-1);
    if (last?.role === "user" && role === "user") {
      joined[joined.length - 1] = { role, parts: [...last.parts, { type: "text", text: "\n\n" }, ...parts] };
    } else if (role !== "assistant" || parts.some(({ type }) => type !== "reasoning")) joined.push({ role, parts });
  }
  return joined;
}

function toContent(parts: readonly Part[], name: string): string | Content[] {
  if (parts.every((part) => part.type === "text")) return textOf(parts);
  return parts.map((part): Content => {
    if (part.type === "text") return { type: "input_text", text: part.text };
    if (part.type === "image") {
      dataOf(part);
      return { type: "input_image", image_url: part.url, detail: "auto" };
    }
    if (part.type !== "file") throw new ChatError("invalid_request", `${name} takes no ${part.type} from a user here.`);
    return dataOf(part) === undefined
      ? { type: "input_file", file_url: part.url }
      : { type: "input_file", file_data: part.url, filename: part.name ?? "file" };
  });
}

function toAnswers(parts: readonly Part[], reader: Reader): Item[] {
  const items: Item[] = [];
  for (const part of parts) {
    const kept = keptIn(part, reader);
    if (part.type === "text") {
      const phase = kept?.phase as "commentary" | "final_answer" | undefined;
      if (part.text !== "") items.push({ role: "assistant", content: part.text, ...(phase && { phase }) });
    } else if (part.type === "reasoning") {
      if (kept?.item !== undefined) items.push(kept.item as unknown as Item);
    } else if (part.type === "tool-call") {
      // By `call_id` alone: an item's own id is known only where answers are stored.
      items.push({ type: "function_call", call_id: part.id, name: part.name, arguments: toText(part.input) });
    } else if (part.type === "tool-result") {
      items.push({ type: "function_call_output", call_id: part.id, output: toText(part.output) });
    }
  }
  // A thought that nothing follows, of an answer that was stopped, is refused.
  while (isReasoning(items.at(-1))) items.pop();
  return items;
}

function keptIn({ meta }: Part, { name, model }: Reader): Kept | undefined {
  const kept = meta?.[name] as unknown as Kept | undefined;
  return kept?.model === model ? kept : undefined;
}

function isReasoning(item: Item | undefined): boolean {
  return item !== undefined && "type" in item && item.type === "reasoning";
}
