import { z } from "zod";

// What the replies of several surfaces are made of.

/** ISO 8601, UTC. */
export const time = z.iso.datetime();

export const finishReason = z.enum(["stop", "length", "tool-calls", "content-filter", "other"]);

export const readiness = z.enum(["healthy", "degraded", "unhealthy"]);

export const statusReply = z.object({
  status: z.literal("ok"),
  service: z.string(),
  version: z.string(),
  timestamp: time,
});
