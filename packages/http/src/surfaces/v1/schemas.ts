import { z } from "zod";
import type { ReplyDoc } from "../../route.ts";
import { finishReason, readiness, time } from "../schemas.ts";

export const chatReply = z.object({
  message: z.string().describe("The answer."),
  session_id: z.string(),
  message_id: z.string().describe("Of the answer."),
  model_name: z.string(),
  timestamp: time,
  generation_time: z.number().describe("Seconds."),
  token_count: z.int().optional().describe("Of the answer."),
  finish_reason: finishReason.optional(),
  reasoning: z.string().optional().describe("Where the model shows it."),
});

export const eventStream: ReplyDoc = {
  type: "text/event-stream",
  description: `As a stream: events \`chunk\` with \`{content, session_id, message_id, chunk_id, is_final, timestamp}\`, the last of them empty and final; then
\`done\` with \`{message}\`. A failure is a last event \`error\` with \`{error, code}\`. It resumes.`,
};

export const nothingLeft: ReplyDoc = {
  status: 204,
  description: "Resumed after the last event: nothing is left to come.",
};

export const stopReply = z.object({
  stopped: z.boolean().describe("False: nothing ran."),
  session_id: z.string(),
});

export const sessionRows = z.array(
  z.object({
    session_id: z.string(),
    title: z.string().optional(),
    created_at: time,
    updated_at: time,
    message_count: z.int(),
    model_name: z.string(),
    is_active: z.boolean(),
  }),
);

export const sessionDetail = z.object({
  session_id: z.string(),
  messages: z.array(
    z.object({
      id: z.string(),
      role: z.enum(["system", "user", "assistant"]),
      content: z.string(),
      timestamp: time,
      metadata: z
        .object({
          status: z.enum(["complete", "interrupted", "failed"]),
          model_name: z.string().optional(),
          token_count: z.int().optional(),
          generation_time: z.number().optional().describe("Seconds."),
          finish_reason: finishReason.optional(),
        })
        .optional()
        .describe("Of an answer."),
    }),
  ),
  created_at: time,
  updated_at: time,
  message_count: z.int(),
});

export const deleteReply = z.object({ message: z.literal("Session cleared successfully") });

export const modelInfo = z.object({
  name: z.string(),
  type: z.string(),
  loaded: z.boolean(),
  parameters: z.object({
    temperature: z.number().nullable(),
    max_tokens: z.int().nullable(),
    top_p: z.number().nullable(),
  }),
  capabilities: z.array(z.string()),
});

const store = z.object({ name: z.string(), durability: z.string(), healthy: z.boolean() });

const model = z.looseObject({
  healthy: z.boolean(),
  loaded: z.boolean().optional(),
  detail: z.string().optional(),
  circuit: z.enum(["closed", "open", "half-open"]).optional(),
  running: z.int().optional().describe("Calls that run now, where they are limited or balanced."),
  waiting: z.int().optional().describe("Calls that wait for a place."),
});

export const health = z.object({
  status: readiness,
  version: z.string(),
  model_type: z.string(),
  model_name: z.string(),
  model_loaded: z.boolean(),
  uptime: z.number().describe("Seconds since the start."),
  active_sessions: z.int().describe("Turns that run now."),
  timestamp: time,
  checks: z.object({
    engine: z.enum(["ready", "draining", "closed"]),
    model: model.extend({ backends: z.array(model.extend({ model: z.string() })).optional() }),
    stores: z.object({ sessions: store, turns: store, limits: store, records: store, bus: store }),
  }),
});
