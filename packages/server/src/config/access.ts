import { z } from "zod";
import { credential, httpUrl, text, whole } from "./fields.ts";

/** What the placeholders of sample configurations are made of. */
const placeholder =
  /^(?:secret|password|change|me|your|my|jwt|key|token|super|very|long|random|string|default|dev|development|test|example|parlor|here|in|production|please|this|to|a|[\W\d_])+$/i;

const signingSecret = () =>
  z
    .string()
    .max(4096, "must have at most 4096 characters")
    .refine((value) => Buffer.byteLength(value) >= 32, "must have at least 32 bytes")
    .refine(
      (value) => value.length > 4096 || (!placeholder.test(value) && new Set(value).size >= 8),
      "must be random, not a known default",
    );

export const accessVariables = {
  SECRET_KEY: signingSecret(),
  JWT_SECRET: signingSecret(),
  ACCESS_TOKEN_EXPIRE_MINUTES: whole(1, 525_600),
  DEFAULT_ADMIN_USERNAME: text(50),
  DEFAULT_ADMIN_PASSWORD: credential(),
  API_KEY: credential(),
  API_TOKEN: credential(),
  AUTH_SERVICE_URL: httpUrl(),
  INTERNAL_API_KEY: credential(),
  AUTH_CACHE_TTL_SECONDS: whole(0, 86_400),
};
