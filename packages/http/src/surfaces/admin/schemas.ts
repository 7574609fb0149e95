import { z } from "zod";
import { time } from "../schemas.ts";

export const token = z.object({
  access_token: z.string().describe("Goes out as `Authorization: Bearer …`."),
  token_type: z.literal("bearer"),
  expires_in: z.int().describe("Seconds."),
  username: z.string(),
});

export const message = z.object({ message: z.string() });

export const account = z.object({ username: z.string(), created_at: time, last_updated: time });

export const changed = z.object({ message: z.string(), new_username: z.string() });

export const status = z.object({
  redis_connected: z.boolean().nullable().describe("Null where Redis is not used."),
  chatgroq_healthy: z.boolean().describe("As `backend_healthy`."),
  backend_healthy: z.boolean(),
  store_healthy: z.boolean(),
  active_sessions_count: z.int().describe("Live logins."),
  uptime_seconds: z.number(),
  uptime_formatted: z.string().describe("`1h 0m`."),
});

export const logins = z.array(
  z.object({ session_id: z.string(), username: z.string(), created_at: time, last_activity: time }),
);

export const testChat = z.object({
  success: z.boolean(),
  response: z.string().optional(),
  error: z.string().optional(),
});

const kind = z.enum(["cloud", "local"]);

export const provider = z.object({
  current_provider: z.object({
    provider: z.string(),
    model: z.string(),
    base_url: z.string().nullable(),
    temperature: z.number().nullable(),
    max_tokens: z.int().nullable(),
    type: kind,
    description: z.string(),
  }),
});

export const providers = z.object({
  providers: z.array(
    z.object({
      name: z.string().describe("As `MODEL_TYPE` takes it."),
      display_name: z.string(),
      type: kind,
      description: z.string(),
      requires_api_key: z.boolean(),
      models: z.array(z.string()).describe("Some of them; empty where its operator decides."),
    }),
  ),
});

export const modelHealth = z.object({ provider: z.string(), healthy: z.boolean(), error: z.string().optional() });
