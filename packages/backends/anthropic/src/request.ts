import type Anthropic from "@anthropic-ai/sdk";
import { transformJSONSchema } from "@anthropic-ai/sdk/lib/transform-json-schema";
import { ChatError, type GenerateRequest, type JsonSchema, type ToolChoice, type ToolSpec } from "@parlor/core";
import { toConversation, type WireMessage } from "./messages.ts";
import type { Resolved } from "./options.ts";
import { toThinking, type Sampling } from "./thinking.ts";

export type RequestBody = Anthropic.MessageCreateParamsStreaming & Sampling;

/** The body of a Messages call. Penalties and seed have no field in this protocol. */
export function toBody(request: GenerateRequest, options: Resolved): RequestBody {
  const settings = { ...options.settings, ...request.settings };
  const { system, messages, thoughtless } = toConversation(request.messages, options.name);
  const { maxTokens = options.facts.maxOutput } = settings;
  const toolChoice = request.tools?.length ? request.toolChoice : undefined;
  const { thinking, effort, sampling } = toThinking(options, { settings, maxTokens, toolChoice, thoughtless });
  const output = { ...(effort && { effort }), ...toFormat(request, options.name) };
  // White space alone is refused as a stop sequence.
  const stop = settings.stop?.filter((sequence) => sequence.trim() !== "") ?? [];
  const cache = options.cache && ({ type: "ephemeral", ttl: options.cache } as const);
  return {
    model: options.model,
    max_tokens: maxTokens,
    messages: messages as Anthropic.MessageParam[],
    stream: true,
    ...(system !== "" && { system: cache ? [{ type: "text", text: system, cache_control: cache }] : system }),
    ...(cache && { cache_control: cache }),
    ...sampling,
    ...(stop.length > 0 && { stop_sequences: stop }),
    ...toTools(request, toolChoice, messages),
    ...(thinking && { thinking }),
    ...(Object.keys(output).length > 0 && { output_config: output }),
    ...options.extraBody,
  };
}

type Tools = Pick<RequestBody, "tools" | "tool_choice">;

function toTools({ tools = [] }: GenerateRequest, choice: ToolChoice | undefined, said: readonly WireMessage[]): Tools {
  if (tools.length > 0) {
    return { tools: tools.map(toTool), ...(choice !== undefined && { tool_choice: toChoice(choice) }) };
  }
  // A conversation that holds calls must bring their tools.
  const called = said.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === "tool_use" ? [block.name] : [])),
  );
  if (called.length === 0) return {};
  const named = [...new Set(called)].map((name) => ({ name, input_schema: { type: "object" as const } }));
  return { tools: named, tool_choice: { type: "none" } };
}

function toTool({ name, description, inputSchema, strict }: ToolSpec): Anthropic.Tool {
  const schema = strict ? strictly(inputSchema, `The input of the tool ${name}`) : inputSchema;
  return {
    name,
    ...(description !== undefined && { description }),
    input_schema: { ...schema, type: "object" },
    ...(strict && { strict }),
  };
}

function toChoice(choice: ToolChoice): Anthropic.ToolChoice {
  if (typeof choice === "object") return { type: "tool", name: choice.tool };
  return { type: choice === "required" ? "any" : choice };
}

function toFormat({ responseFormat: format }: GenerateRequest, name: string): Anthropic.OutputConfig {
  if (format === undefined) return {};
  if (format.type === "json") {
    throw new ChatError("unsupported_by_model", `${name} answers in JSON by a schema only. Use a json-schema format.`);
  }
  return { format: { type: "json_schema", schema: strictly(format.schema, "The answer's format") } };
}

/** The part of JSON Schema that Anthropic can enforce; what it cannot goes into descriptions. */
function strictly(schema: JsonSchema, what: string): { [key: string]: unknown } {
  try {
    return transformJSONSchema(schema as Parameters<typeof transformJSONSchema>[0]);
  } catch {
    throw new ChatError("invalid_request", `${what} has a part without a type. Give each part of its schema one.`);
  }
}
