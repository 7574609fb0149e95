import { ChatError, type ModelSettings, type Part, type PromptMessage, type TurnInput } from "@parlor/core";
import { parse } from "./chat-input.ts";
import type { InputItem, ResponsesBody } from "./responses-schemas.ts";

export function settingsOf(body: ResponsesBody): ModelSettings {
  const { temperature, top_p: topP, max_output_tokens: maxTokens, reasoning } = body;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(reasoning?.effort && { effort: reasoning.effort }),
  };
}

export function askedOf({ model, tools = [], tool_choice: choice, text }: ResponsesBody): Partial<TurnInput> {
  const format = text?.format;
  return {
    ...(model !== undefined && { model }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters, strict }) => ({
        name,
        inputSchema: parameters ?? { type: "object", properties: {} },
        ...(description && { description }),
        ...(strict && { strict }),
      })),
    }),
    ...(choice !== undefined && { toolChoice: typeof choice === "string" ? choice : { tool: choice.name } }),
    ...(format?.type === "json_object" && { responseFormat: { type: "json" } }),
    ...(format?.type === "json_schema" && {
      responseFormat: {
        type: "json-schema",
        name: format.name,
        schema: format.schema,
        ...(format.strict && { strict: true }),
      },
    }),
  };
}

/** The items as messages; calls that follow one another are one answer's. */
export function toMessages(input: ResponsesBody["input"]): readonly PromptMessage[] {
  if (typeof input === "string") return [{ role: "user", parts: [{ type: "text", text: input }] }];
  const messages: { role: PromptMessage["role"]; parts: Part[] }[] = [];
  for (const [index, item] of input.entries()) {
    const message = toMessage(item, index);
    if (!message) continue;
    const last = messages.at(-1);
    const joins = last?.role === message.role && (message.role === "assistant" || message.role === "tool");
    if (joins) last.parts.push(...message.parts);
    else messages.push({ role: message.role, parts: [...message.parts] });
  }
  return messages;
}

function toMessage(item: InputItem, index: number): Pick<PromptMessage, "role" | "parts"> | undefined {
  if (item.type === "reasoning") return undefined;
  if (item.type === "function_call") {
    const input = parse(item.arguments, `input.${index}.arguments`);
    return { role: "assistant", parts: [{ type: "tool-call", id: item.call_id, name: item.name, input }] };
  }
  if (item.type === "function_call_output") {
    return { role: "tool", parts: [{ type: "tool-result", id: item.call_id, output: item.output }] };
  }
  const role = item.role === "developer" ? "system" : item.role;
  const parts =
    typeof item.content === "string" ? [{ type: "text" as const, text: item.content }] : item.content.map(toPart);
  return { role, parts };
}

type InputPart = Exclude<Extract<InputItem, { role: string }>["content"], string>[number];

function toPart(part: InputPart): Part {
  if (part.type === "input_image") return { type: "image", url: part.image_url };
  if (part.type === "input_file") {
    return { type: "file", url: part.file_data, ...(part.filename !== undefined && { name: part.filename }) };
  }
  return { type: "text", text: part.type === "refusal" ? part.refusal : part.text };
}

const idPattern = /^resp_(.{1,128})\.([^.]{1,128})$/;

export const toResponseId = (session: string, message: string) => `resp_${session}.${message}`;

/** Session and message of a response's id. Throws `not_found`. */
export function fromResponseId(id: string): { readonly session: string; readonly message: string } {
  const [, session, message] = idPattern.exec(id) ?? [];
  if (session === undefined || message === undefined) throw unknownResponse();
  return { session, message };
}

export const unknownResponse = () =>
  new ChatError("not_found", "There is no response with this previous_response_id, or it was not stored.", {
    errors: [{ path: "previous_response_id", message: "is not known" }],
  });
