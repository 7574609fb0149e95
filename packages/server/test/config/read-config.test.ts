import fc from "fast-check";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/read-config.ts";
import { variables } from "../../src/config/variables.ts";

const configOf = (environment: Record<string, string>) => {
  const result = readConfig(environment);
  if ("faults" in result) throw new Error(result.faults.join("\n"));
  return result.config;
};

const faultsOf = (environment: Record<string, string>) => {
  const result = readConfig(environment);
  return "faults" in result ? result.faults : [];
};

test("an empty environment gives the demo on 127.0.0.1:8000", () => {
  expect(readConfig({})).toEqual({
    config: {
      model: { kind: "demo" },
      models: {},
      metrics: { path: "/metrics", access: "public" },
      settings: {},
      window: {},
      limits: {},
      requestLimits: [],
      access: { anonymous: "shared", tokens: [], jwt: [], admin: {} },
      storage: { kind: "sqlite", path: "parlor.db" },
      bounds: {},
      listen: { host: "127.0.0.1", port: 8000 },
      rootPage: "chat",
      log: { level: "info" },
    },
    warnings: [],
  });
});

test("an empty value counts as unset, spaces around one do not count", () => {
  expect(configOf({ PORT: " 9000 ", OPENAI_API_KEY: "", REDIS_URL: "  " })).toMatchObject({
    model: { kind: "demo" },
    listen: { port: 9000 },
  });
});

test("every fault is named in one line, with what does not go together", () => {
  const faults = faultsOf({
    PORT: "http",
    TEMPERATURE: "hot",
    OPENAI_API_KEY: "a key",
    AUTH_SERVICE_URL: "http://auth",
  });
  expect(faults).toEqual([
    "OPENAI_API_KEY must be printable ASCII without spaces or line breaks",
    "TEMPERATURE must be a number from 0 to 2",
    "PORT must be a whole number from 0 to 65535",
    "INTERNAL_API_KEY must be set for AUTH_SERVICE_URL",
  ]);
});

test("the newer name of a variable wins", () => {
  expect(configOf({ MAX_TOKENS: "10", MAX_NEW_TOKENS: "20" }).settings).toEqual({ maxTokens: 10 });
  expect(configOf({ MAX_NEW_TOKENS: "20" }).settings).toEqual({ maxTokens: 20 });
  expect(configOf({ SESSION_TIMEOUT: "60", MEMORY_TTL_SECONDS: "30" }).bounds).toEqual({ ttlMs: 30_000 });
  expect(configOf({ SESSION_TIMEOUT: "60" }).bounds).toEqual({ ttlMs: 60_000 });
  expect(configOf({ DEBUG: "1" }).log).toEqual({ level: "debug" });
  expect(configOf({ DEBUG: "1", LOG_LEVEL: "ERROR" }).log).toEqual({ level: "error" });
});

test("limits and windows reach their options", () => {
  expect(
    configOf({
      RATE_LIMIT: "60",
      MAX_CONCURRENT_STREAMS: "4",
      MAX_CONVERSATION_HISTORY: "10",
      MAX_TOKEN_BUDGET: "8000",
      MAX_CACHE_SIZE: "100",
      SQLITE_PATH: ":memory:",
      MAX_SESSIONS_PER_USER: "5",
      MAX_MESSAGES_PER_SESSION: "6",
    }),
  ).toMatchObject({
    limits: { requests: [{ limit: 60, windowMs: 60_000 }], concurrentTurns: 4 },
    window: { messages: 10, characters: 8000 },
    storage: { kind: "memory", maxSessions: 100 },
    bounds: { maxSessionsPerOwner: 5, maxMessagesPerSession: 6 },
  });
});

test("one variable says where conversations are kept", () => {
  expect(configOf({ SQLITE_PATH: "chat.db" }).storage).toEqual({ kind: "sqlite", path: "chat.db" });
  const url = "postgresql://localhost/chat";
  expect(configOf({ DATABASE_URL: url }).storage).toEqual({ kind: "postgres", url });
  const redis = "redis://localhost";
  expect(configOf({ REDIS_URL: redis }).storage).toEqual({ kind: "redis", url: redis });
  expect(configOf({ DATABASE_URL: url, REDIS_URL: redis }).storage).toEqual({ kind: "postgres", url, redis });
  expect(faultsOf({ REDIS_URL: redis, SQLITE_PATH: "chat.db" })).toEqual([
    "SQLITE_PATH and REDIS_URL are both set; unset the one you do not mean",
  ]);
  expect(faultsOf({ DATABASE_URL: url, SQLITE_PATH: "chat.db" })).toEqual([
    "SQLITE_PATH and DATABASE_URL are both set; unset the one you do not mean",
  ]);
  expect(readConfig({ MAX_CACHE_SIZE: "5" })).toMatchObject({
    warnings: ["MAX_CACHE_SIZE is set, but it bounds memory only (SQLITE_PATH=:memory:)"],
  });
});

test("metrics are on, open to everybody, at the usual path, unless the environment says otherwise", () => {
  expect(readConfig({})).toMatchObject({ config: { metrics: { path: "/metrics", access: "public" } } });
  expect(readConfig({ METRICS_PATH: "/m", METRICS_ACCESS: "admin" })).toMatchObject({
    config: { metrics: { path: "/m", access: "admin" } },
  });
  expect(readConfig({ ENABLE_METRICS: "false" })).not.toHaveProperty("config.metrics");
});

test("ROOT_PAGE is `docs` or, unset too, `chat`", () => {
  for (const [set, rootPage] of [
    ["docs", "docs"],
    ["chat", "chat"],
    ["", "chat"],
  ]) {
    expect(readConfig({ ROOT_PAGE: set })).toMatchObject({ config: { rootPage }, warnings: [] });
  }
});

test("any environment is either read or has its faults named", () => {
  const name = fc.oneof(fc.constantFrom(...Object.keys(variables.shape)), fc.string({ unit: "binary" }));
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 9000 }),
    fc.webUrl(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.constantFrom("local", "groq", "openai", "true", "10/minute", "__proto__", "https://:@/", "a,b,,"),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: false }), (environment) => {
      const result = readConfig(environment);
      const faults = "faults" in result ? result.faults : ["NONE is at fault"];
      expect(faults).not.toHaveLength(0);
      for (const fault of faults) expect(fault).toMatch(/^[A-Z_]+[ =][^\r\n]+$/);
    }),
    { numRuns: 500 },
  );
});
