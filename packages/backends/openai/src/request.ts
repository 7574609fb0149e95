import type { GenerateRequest, ModelSettings, ResponseFormat, ToolChoice, ToolSpec } from "@parlor/core";
import type OpenAI from "openai";
import { toWireMessages } from "./messages.ts";
import type { Resolved } from "./options.ts";
import type { Service } from "./service.ts";

export type RequestBody = OpenAI.ChatCompletionCreateParamsStreaming;

/** The body of a Chat Completions call. Throws `invalid_request` for what the service cannot take. */
export function toBody(request: GenerateRequest, options: Resolved): RequestBody {
  const { service, model, extraBody } = options;
  const { tools = [], toolChoice, responseFormat } = request;
  const asked = { ...options.settings, ...request.settings };
  const settings = service.adjust?.(asked) ?? asked;
  return {
    model,
    messages: toWireMessages(request.messages, options),
    stream: true,
    stream_options: { include_usage: true },
    ...toWireSettings(settings, service),
    ...service.fields(settings, model),
    ...(tools.length > 0 && { tools: tools.map(toTool) }),
    ...(tools.length > 0 && toolChoice !== undefined && { tool_choice: toChoice(toolChoice) }),
    ...(responseFormat && { response_format: toFormat(responseFormat) }),
    ...extraBody,
  };
}

function toWireSettings(settings: ModelSettings, { maxTokens: field }: Service): Partial<RequestBody> {
  const { temperature, topP, maxTokens, stop, presencePenalty, frequencyPenalty, seed } = settings;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(maxTokens !== undefined && { [field]: maxTokens }),
    ...(stop !== undefined && stop.length > 0 && { stop: [...stop] }),
    ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
    ...(seed !== undefined && { seed }),
  };
}

function toTool({ name, description, inputSchema, strict }: ToolSpec): OpenAI.ChatCompletionFunctionTool {
  return {
    type: "function",
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: inputSchema,
      ...(strict !== undefined && { strict }),
    },
  };
}

function toChoice(choice: ToolChoice): OpenAI.ChatCompletionToolChoiceOption {
  return typeof choice === "string" ? choice : { type: "function", function: { name: choice.tool } };
}

function toFormat(format: ResponseFormat): NonNullable<RequestBody["response_format"]> {
  if (format.type === "json") return { type: "json_object" };
  const { name, schema, strict } = format;
  return { type: "json_schema", json_schema: { name, schema, ...(strict !== undefined && { strict }) } };
}
