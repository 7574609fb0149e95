import { z } from "zod";
import type { ReplyDoc } from "../../route.ts";
import type { Service } from "../../service.ts";
import { jsonSchema, messageList, metadata, partList, together, toolList } from "./bounds.ts";
import { effort } from "./chat-schemas.ts";

const part = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["input_text", "output_text", "text"]), text: z.string() }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({ type: z.literal("input_image"), image_url: z.string().min(1) }),
  z.object({ type: z.literal("input_file"), file_data: z.string().min(1), filename: z.string().max(255).optional() }),
]);

const item = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message").optional(),
    role: z.enum(["user", "assistant", "system", "developer"]),
    content: z.union([z.string(), partList(part)]),
  }),
  z.object({
    type: z.literal("function_call"),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({ type: z.literal("function_call_output"), call_id: z.string().min(1), output: z.string() }),
  // What the model thought is not needed to go on.
  z.object({ type: z.literal("reasoning") }),
]);
export type InputItem = z.output<typeof item>;

const toolName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

export function responsesBody({ fields }: Service) {
  const { optional } = fields;
  return {
    model: optional(z.string().max(200)).describe("Default: the current one."),
    input: together(z.union([z.string().min(1), messageList(item)])),
    instructions: fields.systemPrompt,
    previous_response_id: optional(z.string().max(300)).describe(
      "Of the newest response of a session: goes on with it.",
    ),
    store: optional(z.boolean()).describe("False: stateless. Default: a session of its own, to go on with."),
    stream: optional(z.boolean()),
    temperature: fields.temperature,
    top_p: optional(z.number().min(0).max(1)),
    max_output_tokens: fields.maxTokens,
    reasoning: optional(z.object({ effort: effort.nullish() })),
    tools: optional(
      toolList(
        z.object({
          type: z.literal("function"),
          name: toolName,
          description: z.string().nullish(),
          parameters: jsonSchema.nullish(),
          strict: z.boolean().nullish(),
        }),
      ),
    ),
    tool_choice: optional(
      z.union([z.enum(["none", "auto", "required"]), z.object({ type: z.literal("function"), name: toolName })]),
    ),
    text: optional(
      z.object({
        format: z
          .discriminatedUnion("type", [
            z.object({ type: z.literal("text") }),
            z.object({ type: z.literal("json_object") }),
            z.object({
              type: z.literal("json_schema"),
              name: toolName,
              schema: jsonSchema,
              strict: z.boolean().nullish(),
            }),
          ])
          .nullish(),
      }),
    ),
    metadata: optional(metadata),
  };
}
export type ResponsesBody = z.output<z.ZodObject<ReturnType<typeof responsesBody>>>;

export const response = z.object({
  id: z.string().describe("`resp_<session>.<message>`."),
  object: z.literal("response"),
  created_at: z.int(),
  status: z.enum(["completed", "incomplete", "in_progress", "failed", "cancelled"]),
  model: z.string(),
  output: z.array(z.looseObject({ type: z.enum(["message", "reasoning", "function_call"]), id: z.string() })),
  output_text: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  incomplete_details: z.object({ reason: z.enum(["max_output_tokens", "content_filter"]) }).nullable(),
  instructions: z.string().nullable(),
  previous_response_id: z.string().nullable(),
  parallel_tool_calls: z.boolean(),
  tool_choice: z.unknown(),
  tools: z.array(z.unknown()),
  temperature: z.number().nullable(),
  top_p: z.number().nullable(),
  max_output_tokens: z.int().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  store: z.boolean(),
  usage: z
    .object({
      input_tokens: z.int(),
      input_tokens_details: z.object({ cached_tokens: z.int() }),
      output_tokens: z.int(),
      output_tokens_details: z.object({ reasoning_tokens: z.int() }),
      total_tokens: z.int(),
    })
    .nullable(),
});

export const responseStream: ReplyDoc = {
  type: "text/event-stream",
  description: `As a stream: the events of this protocol, from \`response.created\` to \`response.completed\`, \`response.incomplete\` or
\`response.failed\`. It resumes.`,
};
