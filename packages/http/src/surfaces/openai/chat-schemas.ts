import { z } from "zod";
import type { ReplyDoc } from "../../route.ts";
import type { Service } from "../../service.ts";
import { jsonSchema, messageList, metadata, partList, together, toolList } from "./bounds.ts";

const imagePart = z.object({ type: z.literal("image_url"), image_url: z.object({ url: z.string().min(1) }) });
const audioPart = z.object({
  type: z.literal("input_audio"),
  input_audio: z.object({ data: z.string().min(1), format: z.string().min(1).max(20) }),
});
const filePart = z.object({
  type: z.literal("file"),
  file: z.object({ file_data: z.string().min(1), filename: z.string().max(255).optional() }),
});
const textPart = z.object({ type: z.literal("text"), text: z.string() });
const text = z.union([z.string(), partList(textPart)]);

const toolCall = z.object({
  id: z.string().min(1),
  type: z.literal("function").default("function"),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});

/** A message of this protocol. `name` and what else clients add is ignored. */
export const chatMessage = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer"]), content: text }),
  z.object({
    role: z.literal("user"),
    content: z.union([z.string(), partList(z.discriminatedUnion("type", [textPart, imagePart, audioPart, filePart]))]),
  }),
  z.object({
    role: z.literal("assistant"),
    content: z.union([z.string(), partList(z.object({ type: z.string(), text: z.string().optional() }))]).nullish(),
    tool_calls: partList(toolCall).nullish(),
  }),
  z.object({ role: z.literal("tool"), tool_call_id: z.string().min(1), content: text }),
]);
export type ChatMessage = z.output<typeof chatMessage>;

const toolName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export const effort = z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

/** Everything of a request that counts here. */
export function chatBody({ fields }: Service) {
  const { optional } = fields;
  return {
    model: optional(z.string().max(200)).describe("Default: the current one."),
    messages: together(messageList(chatMessage)),
    stream: optional(z.boolean()),
    stream_options: optional(z.object({ include_usage: z.boolean().nullish() })),
    temperature: fields.temperature,
    top_p: optional(z.number().min(0).max(1)),
    max_tokens: fields.maxTokens,
    max_completion_tokens: fields.maxTokens,
    stop: optional(z.union([z.string(), z.array(z.string()).max(16)])),
    presence_penalty: optional(z.number().min(-2).max(2)),
    frequency_penalty: optional(z.number().min(-2).max(2)),
    seed: optional(z.int()),
    reasoning_effort: optional(effort),
    n: optional(z.int().min(1).max(1, "only one choice can be had per call")),
    tools: optional(
      toolList(
        z.object({
          type: z.literal("function"),
          function: z.object({
            name: toolName,
            description: z.string().nullish(),
            parameters: jsonSchema.nullish(),
            strict: z.boolean().nullish(),
          }),
        }),
      ),
    ),
    tool_choice: optional(
      z.union([
        z.enum(["none", "auto", "required"]),
        z.object({ type: z.literal("function"), function: z.object({ name: toolName }) }),
      ]),
    ),
    response_format: optional(
      z.discriminatedUnion("type", [
        z.object({ type: z.literal("text") }),
        z.object({ type: z.literal("json_object") }),
        z.object({
          type: z.literal("json_schema"),
          json_schema: z.object({ name: toolName, schema: jsonSchema.nullish(), strict: z.boolean().nullish() }),
        }),
      ]),
    ),
    metadata: optional(metadata).describe("At most 16 fields; `session_id` names a session, as `X-Session-Id` does."),
  };
}
export type ChatBody = z.output<z.ZodObject<ReturnType<typeof chatBody>>>;

const usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.int() }),
});

export const completion = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int().describe("Seconds since 1970."),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.literal(0),
      message: z.object({
        role: z.literal("assistant"),
        content: z.string().nullable(),
        refusal: z.null(),
        reasoning_content: z.string().optional(),
        tool_calls: z
          .array(
            z.object({
              id: z.string(),
              type: z.literal("function"),
              function: z.object({ name: z.string(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
      finish_reason: z.enum(["stop", "length", "tool_calls", "content_filter"]),
      logprobs: z.null(),
    }),
  ),
  usage,
});

export const completionStream: ReplyDoc = {
  type: "text/event-stream",
  description:
    "As a stream: chunks of this protocol, last `[DONE]`. A failure is `{error}` without `[DONE]`. It resumes.",
};

export const nothingLeft: ReplyDoc = {
  status: 204,
  description: "Resumed after the last event: nothing is left to come.",
};

const model = z.object({ id: z.string(), object: z.literal("model"), created: z.int(), owned_by: z.string() });
export const models = z.object({ object: z.literal("list"), data: z.array(model) });
export { model };
