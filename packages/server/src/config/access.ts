import { z } from "zod";
import { credential, flag, httpUrl, text, whole } from "./fields.ts";

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
  /** Signs the admins' tokens. */
  SECRET_KEY: signingSecret(),
  /** Signs the users' tokens, elsewhere. */
  JWT_SECRET: signingSecret(),
  /** The keys of users' tokens; JWT_ISSUER and JWT_AUDIENCE go with it. */
  JWKS_URL: httpUrl(),
  JWT_ISSUER: text(1_000),
  JWT_AUDIENCE: text(1_000),
  /** Lets people in without credentials, each browser as a visitor of its own. */
  PUBLIC_ACCESS: flag(),
  ACCESS_TOKEN_EXPIRE_MINUTES: whole(1, 525_600),
  DEFAULT_ADMIN_USERNAME: text(50).refine((value) => value.length >= 3, "must have at least 3 characters"),
  DEFAULT_ADMIN_PASSWORD: text(72)
    .refine((value) => value.length >= 8, "must have at least 8 characters")
    .refine((value) => Buffer.byteLength(value) <= 72, "must have at most 72 bytes in UTF-8"),
  API_KEY: credential(),
  API_TOKEN: credential(),
  AUTH_SERVICE_URL: httpUrl(),
  INTERNAL_API_KEY: credential(),
  AUTH_CACHE_TTL_SECONDS: whole(0, 86_400),
};
