import { z } from "zod";
import { time } from "../schemas.ts";

export const chatReply = z.object({
  response: z.string().describe("The answer."),
  session_id: z.string(),
  timestamp: time,
  turn_count: z.int(),
  llm_provider: z.string(),
  model: z.string(),
  user_id: z.string().describe("The caller's name, or else id."),
  message_id: z.string().describe("Of the answer."),
});

export const history = z.object({
  session_id: z.string(),
  messages: z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })),
  turn_count: z.int(),
});

export const clearReply = z.object({ status: z.enum(["cleared", "not_found"]), session_id: z.string() });

export const sessionPage = z.object({
  sessions: z.array(z.object({ session_id: z.string(), turns: z.int(), created_at: time })),
  next_cursor: z.string().optional().describe("Absent on the last page."),
});

export const resetReply = z.object({
  status: z.enum(["reset", "not_found"]),
  session_id: z.string(),
  previous_turns: z.int().optional().describe("With `reset`."),
});

export const stats = z.object({
  total_sessions: z.int(),
  total_messages: z.int(),
  avg_messages_per_session: z.number(),
});

export const deleteReply = z.object({ message: z.string() });

export const memoryStats = z.object({
  memory_stats: z.object({
    current_size: z.int(),
    max_size: z.int().nullable(),
    ttl_seconds: z.number().nullable(),
  }),
});
