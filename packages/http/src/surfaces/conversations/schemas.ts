import { z } from "zod";
import type { ReplyDoc } from "../../route.ts";
import { time } from "../schemas.ts";

export const row = z.object({
  id: z.string(),
  session_id: z.string().describe("The same as `id`."),
  user_id: z.string(),
  title: z.string(),
  model_tag: z.string(),
  is_favorited: z.boolean(),
  created_at: time,
  updated_at: time,
  message_count: z.int().describe("Without superseded messages."),
});

export const message = z.object({
  id: z.string(),
  conversation_id: z.string(),
  role: z.enum(["system", "user", "assistant"]),
  content: z.string(),
  token_count: z.int().nullable(),
  model_tag: z.string().nullable().describe("Of an answer."),
  inference_time_ms: z.number().nullable(),
  status: z.enum(["complete", "streaming", "interrupted", "failed", "superseded"]),
  created_at: time,
  reasoning: z.string().optional(),
});

export const rows = z.object({
  items: z.array(row).describe("The latest first."),
  conversations: z.array(row).describe("The same as `items`."),
  grouped: z.record(z.iso.date(), z.array(row)).describe("By the UTC date of `updated_at`."),
  limit: z.int(),
  offset: z.int(),
  next_cursor: z.string().optional(),
});

export const created = z.object({
  session_id: z.string(),
  message: z.literal("New conversation created"),
  conversation: row,
});

export const detail = row.extend({ conversation: row, messages: z.array(message).describe("Oldest first.") });

export const titled = z.object({
  session_id: z.string(),
  title: z.string(),
  message: z.literal("Title updated successfully"),
});

export const added = z.object({
  session_id: z.string(),
  message: z.literal("Message added successfully"),
  reply: message.optional().describe("The answer to a message of the user."),
});

export const stopped = z.object({ stopped: z.boolean().describe("False: nothing ran.") });

export const models = z.looseObject({
  current_model: z.string(),
  models: z.array(z.string()),
  details: z.array(z.unknown()),
});

export const swapped = z.object({ status: z.literal("ok"), current_model: z.string() });

export const ready = z.object({ status: z.literal("ok"), ready: z.boolean(), service: z.literal("chat-api") });

export const eventStream: ReplyDoc = {
  type: "text/event-stream",
  description: `Events without names: \`{"token"}\` and \`{"reasoning"}\` as they come, last \`{"done": true, "message_id"}\`. A failure is
\`{"error", "code"}\` before \`{"done": true}\`. It resumes.`,
};

export const nothingLeft: ReplyDoc = { status: 204, description: "Nothing runs, or nothing is left to come." };
