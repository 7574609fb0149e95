import { z } from "zod";
import { toTrust } from "./trust-proxy.ts";
import { flag, httpUrl, list, text, whole, word } from "./fields.ts";

const isOrigin = (value: string) => value === "*" || (URL.canParse(value) && new URL(value).origin === value);

export const serverVariables = {
  HOST: z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, "must be a host name or an IP address"),
  /** 0 takes any free port. */
  PORT: whole(0, 65_535),
  ENVIRONMENT: word(["development", "test", "production"]),
  DEBUG: flag(),
  LOG_LEVEL: word(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
    warning: "warn",
    critical: "fatal",
  }),
  LOG_FILE: text(4096),
  CORS_ORIGINS: list(isOrigin, "must be origins such as https://app.example.com, separated by commas, or *"),
  FRONTEND_URL: httpUrl(),
  TRUST_PROXY: z.string().transform((value, context) => {
    const trust = toTrust(value);
    if (trust !== undefined) return trust;
    context.addIssue({
      code: "custom",
      message: "must be a number of proxies, or addresses and networks such as loopback or 10.0.0.0/8, by comma",
    });
    return z.NEVER;
  }),
  ENABLE_METRICS: flag(),
  METRICS_ACCESS: word(["public", "admin"]),
  METRICS_PATH: z.string().regex(/^\/[A-Za-z0-9._~/-]{0,200}$/, "must be a path that begins with /"),
  ROOT_PAGE: word(["chat", "docs"]),
};
