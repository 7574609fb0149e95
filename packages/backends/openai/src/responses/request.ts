import { ChatError, type GenerateRequest, type ModelSettings, type ResponseFormat, type ToolSpec } from "@parlor/core";
import type OpenAI from "openai";
import { effortFor, thinks } from "../effort.ts";
import { textOf } from "../messages.ts";
import type { Resolved } from "../options.ts";
import { toItems } from "./items.ts";

export type ResponsesBody = OpenAI.Responses.ResponseCreateParamsStreaming;

/**
 * The body of a Responses call. Nothing is stored at the provider: thoughts come encrypted and go back with the next call. `seed` and
 * the penalties have no field in this API; `stop` is refused, because an answer would run on past it.
 */
export function toResponsesBody(request: GenerateRequest, options: Resolved): ResponsesBody {
  const { name, model, extraBody } = options;
  const { tools = [], toolChoice, responseFormat } = request;
  const settings = { ...options.settings, ...request.settings };
  if (settings.stop?.length) {
    throw new ChatError("invalid_request", `${name} has no stop sequences in its Responses API; leave out \`stop\`.`);
  }
  const [first, ...others] = request.messages;
  const system = first?.role === "system" ? first : undefined;
  return {
    model,
    ...(system && { instructions: textOf(system.parts) }),
    input: toItems(system ? others : request.messages, options),
    stream: true,
    store: false,
    ...toWireSettings(settings, model),
    ...(tools.length > 0 && { tools: tools.map(toTool) }),
    ...(tools.length > 0 &&
      toolChoice !== undefined && {
        tool_choice: typeof toolChoice === "string" ? toolChoice : { type: "function", name: toolChoice.tool },
      }),
    ...(responseFormat && { text: { format: toFormat(responseFormat) } }),
    ...extraBody,
  };
}

/** Models that do not think refuse to be asked for thoughts; summaries of them are for accounts that OpenAI has verified. */
function toWireSettings(settings: ModelSettings, model: string): Partial<ResponsesBody> {
  const { temperature, topP, maxTokens, thinking } = settings;
  const effort = effortFor(model, settings);
  const summary = thinking === true ? "auto" : undefined;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(maxTokens !== undefined && { max_output_tokens: maxTokens }),
    ...(thinks(model) && {
      include: ["reasoning.encrypted_content"],
      ...((effort ?? summary) !== undefined && {
        reasoning: { ...(effort && { effort }), ...(summary && { summary }) },
      }),
    }),
  };
}

/** This API takes a tool for strict that does not say so, and then its schema must have more than others need. */
function toTool({ name, description, inputSchema, strict = false }: ToolSpec): OpenAI.Responses.FunctionTool {
  return { type: "function", name, ...(description !== undefined && { description }), parameters: inputSchema, strict };
}

function toFormat(format: ResponseFormat): OpenAI.Responses.ResponseFormatTextConfig {
  if (format.type === "json") return { type: "json_object" };
  const { name, schema, strict } = format;
  return { type: "json_schema", name, schema, ...(strict !== undefined && { strict }) };
}
