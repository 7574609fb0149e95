import { z } from "zod";
import { readiness } from "../schemas.ts";

export const root = z.object({
  status: z.literal("ok"),
  service: z.string(),
  version: z.string(),
  message: z.string(),
  docs: z.string().describe("A path on this server, like the other links."),
  health: z.string(),
  current_llm_provider: z.string(),
});

export const health = z.object({
  status: readiness,
  service: z.string(),
  version: z.string(),
  llm_provider: z.string(),
  llm_healthy: z.boolean(),
  redis_healthy: z.boolean().nullable().describe("Null: Redis is not used."),
});

export const info = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  docs: z.string().describe("A path on this server, like the other links."),
  redoc: z.string(),
  openapi: z.string(),
  health: z.string(),
  groups: z.array(z.string()),
});
