import {
  ChatError,
  type ModelSettings,
  type Part,
  type PromptMessage,
  type ResponseFormat,
  type ToolChoice,
  type TurnInput,
} from "@parlor/core";
import { parseJson } from "../../input/read-json.ts";
import { invalid } from "../../input/validate.ts";
import type { ChatBody, ChatMessage } from "./chat-schemas.ts";

/** The settings that this body names. */
export function settingsOf(body: ChatBody): ModelSettings {
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  return {
    ...(body.temperature !== undefined && { temperature: body.temperature }),
    ...(body.top_p !== undefined && { topP: body.top_p }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(body.stop !== undefined && { stop: typeof body.stop === "string" ? [body.stop] : body.stop }),
    ...(body.presence_penalty !== undefined && { presencePenalty: body.presence_penalty }),
    ...(body.frequency_penalty !== undefined && { frequencyPenalty: body.frequency_penalty }),
    ...(body.seed !== undefined && { seed: body.seed }),
    ...(body.reasoning_effort !== undefined && { effort: body.reasoning_effort }),
  };
}

/** Tools of the client, and what the answer has to be. */
export function askedOf({ tools, tool_choice, response_format, model }: ChatBody): Partial<TurnInput> {
  const responseFormat = response_format && toResponseFormat(response_format);
  return {
    ...(model !== undefined && { model }),
    ...(tools !== undefined &&
      tools.length > 0 && {
        tools: tools.map(({ function: { name, description, parameters, strict } }) => ({
          name,
          inputSchema: parameters ?? { type: "object", properties: {} },
          ...(description && { description }),
          ...(strict && { strict }),
        })),
      }),
    ...(tool_choice !== undefined && { toolChoice: toToolChoice(tool_choice) }),
    ...(responseFormat && { responseFormat }),
  };
}

function toToolChoice(choice: NonNullable<ChatBody["tool_choice"]>): ToolChoice {
  return typeof choice === "string" ? choice : { tool: choice.function.name };
}

function toResponseFormat(format: NonNullable<ChatBody["response_format"]>): ResponseFormat | undefined {
  if (format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json" };
  const { name, schema, strict } = format.json_schema;
  return { type: "json-schema", name, schema: schema ?? { type: "object" }, ...(strict && { strict }) };
}

/** Messages as the engine knows them. Throws `invalid_request` for arguments that are no JSON. */
export function toMessages(messages: readonly ChatMessage[]): readonly PromptMessage[] {
  return messages.map((message, index) => {
    if (message.role === "user") return { role: "user", parts: toParts(message.content) };
    if (message.role === "tool") {
      const output = textOf(message.content);
      return { role: "tool", parts: [{ type: "tool-result", id: message.tool_call_id, output }] };
    }
    if (message.role !== "assistant")
      return { role: "system", parts: [{ type: "text", text: textOf(message.content) }] };
    const text = textOf(message.content ?? "");
    const calls = message.tool_calls ?? [];
    return {
      role: "assistant",
      parts: [
        ...(text === "" ? [] : [{ type: "text" as const, text }]),
        ...calls.map(({ id, function: { name, arguments: json } }, call) => ({
          type: "tool-call" as const,
          id,
          name,
          input: parse(json, `messages.${index}.tool_calls.${call}.function.arguments`),
        })),
      ],
    };
  });
}

type UserContent = Extract<ChatMessage, { role: "user" }>["content"];

function toParts(content: UserContent): readonly Part[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part): Part => {
    if (part.type === "text") return { type: "text", text: part.text };
    if (part.type === "image_url") return { type: "image", url: part.image_url.url };
    if (part.type === "input_audio") {
      const { data, format } = part.input_audio;
      return { type: "audio", url: `data:audio/${format};base64,${data}`, mediaType: `audio/${format}` };
    }
    const { file_data: url, filename: name } = part.file;
    return { type: "file", url, ...(name !== undefined && { name }) };
  });
}

function textOf(content: string | readonly { readonly text?: string | undefined }[]): string {
  return typeof content === "string" ? content : content.map(({ text }) => text ?? "").join("");
}

/** What JSON in a text says, held to the same bounds as the body around it. */
export function parse(json: string, path: string): unknown {
  if (json.trim() === "") return {};
  try {
    return parseJson(json);
  } catch (error) {
    if (ChatError.isInstance(error) && error.code !== "invalid_json") throw error;
    throw invalid([{ path, message: "must be JSON" }]);
  }
}
