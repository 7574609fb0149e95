import { z } from "zod";
import { whole } from "./fields.ts";
import { toLimitRules } from "./rate-limit.ts";

const rules = () =>
  z.string().transform((value, context) => {
    const read = toLimitRules(value);
    if (read !== undefined) return read;
    context.addIssue({
      code: "custom",
      message: "must look like 60, 10/minute, 5/second or 1000/day, several by comma",
    });
    return z.NEVER;
  });

export const limitVariables = {
  /** Turns per owner. */
  RATE_LIMIT: rules(),
  /** Requests of any kind per owner. */
  REQUEST_LIMIT: rules(),
  /** Turns at once per owner. */
  MAX_CONCURRENT_STREAMS: whole(1),
  MAX_SESSIONS_PER_USER: whole(1),
  MAX_MESSAGES_PER_SESSION: whole(1),
  /** Messages of the past a prompt may hold. */
  MAX_CONVERSATION_HISTORY: whole(1),
  /** Characters of the past a prompt may hold. */
  MAX_TOKEN_BUDGET: whole(1),
};
