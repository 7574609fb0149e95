import { ChatError, type GenerateRequest, type ToolSpec } from "@parlor/core";
import type { ChatModelFunctions, GbnfJsonSchema, LlamaGrammar } from "node-llama-cpp";
import type { Grammars } from "./grammars.ts";
import { toGrammarSchema } from "./schema.ts";

/** What an answer may be. The library takes functions or a grammar, not both. */
export interface Plan {
  /** That the model may call. */
  readonly functions?: ChatModelFunctions;
  /** That the answer keeps to from its first token on. */
  readonly grammar?: LlamaGrammar;
  /** For the system prompt. With it the answer is no text but a call: an object with a function's name and its arguments. */
  readonly instruction?: string;
}

type Asked = Pick<GenerateRequest, "tools" | "toolChoice" | "responseFormat">;

/** Throws `unsupported_by_model` for what no grammar can do, and `invalid_request` for a choice that there is not. */
export async function toPlan(
  { tools = [], toolChoice = "auto", responseFormat }: Asked,
  grammars: Grammars,
): Promise<Plan> {
  if (tools.length === 0 || toolChoice === "none") {
    if (responseFormat === undefined) return {};
    const isAny = responseFormat.type === "json";
    const schema = isAny ? ({ type: "object" } as const) : responseFormat.schema;
    const strict = isAny || responseFormat.strict !== false;
    return {
      grammar: await grammars.get(toGrammarSchema(schema, "the response format", strict), "the response format"),
    };
  }
  if (toolChoice !== "auto") return toForcedCall(tools, toolChoice, grammars);
  if (responseFormat !== undefined) {
    const detail =
      "This model cannot choose between tools and an answer in a format. Leave out one, or set the tool choice to none or required.";
    throw new ChatError("unsupported_by_model", detail);
  }
  const functions: [name: string, ChatModelFunctions[string]][] = [];
  for (const tool of tools) {
    const { name, description } = tool;
    const params = toParams(tool);
    // The library makes this grammar when the model is in the middle of its call: too late to refuse.
    if (params !== undefined) await grammars.get(params, `the tool ${name}`);
    functions.push([
      name,
      { ...(description !== undefined && { description }), ...(params !== undefined && { params }) },
    ]);
  }
  return { functions: Object.fromEntries(functions) };
}

async function toForcedCall(
  tools: readonly ToolSpec[],
  toolChoice: "required" | { readonly tool: string },
  grammars: Grammars,
): Promise<Plan> {
  const eligible = toolChoice === "required" ? tools : tools.filter(({ name }) => name === toolChoice.tool);
  if (eligible.length === 0)
    throw new ChatError("invalid_request", "The tool choice names a tool that the request does not bring.");
  const oneOf = eligible.map((tool): GbnfJsonSchema => {
    const properties = { name: { const: tool.name }, arguments: toParams(tool) ?? { type: "object" } };
    return { type: "object", properties };
  });
  const told = eligible.map(({ name, description, inputSchema }) =>
    JSON.stringify({ name, description, parameters: inputSchema }),
  );
  const instruction = [
    "Call one of these functions now. Answer with a JSON object and nothing else:",
    '{"name": the name of the function, "arguments": an object by its parameters}',
    ...told,
  ].join("\n");
  return { instruction, grammar: await grammars.get({ oneOf }, "the tools") };
}

/** Undefined: it has none. Whoever runs the tool checks them once more, so what a grammar cannot keep is left to that. */
function toParams({ name, inputSchema, strict = false }: ToolSpec): GbnfJsonSchema | undefined {
  const params = toGrammarSchema({ type: "object", ...inputSchema }, `the tool ${name}`, strict);
  const isEmpty =
    "properties" in params && Object.keys(params.properties ?? {}).length === 0 && !params.additionalProperties;
  return isEmpty ? undefined : params;
}
