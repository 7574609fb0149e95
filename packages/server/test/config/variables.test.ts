import { describe, expect, test } from "vitest";
import { variables } from "../../src/config/variables.ts";

const url = { good: "https://models.example.com/v1", read: "https://models.example.com/v1", bad: "models.example.com" };
const key = { good: "sk-0123456789", read: "sk-0123456789", bad: "sk-0123\n456789" };
const count = { good: "20", read: 20, bad: "-1" };
const text = { good: "some/path", read: "some/path", bad: "two\nlines" };
const secret = { good: "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa", bad: "your-secret-key-change-me-in-production" };

/** Each variable with a value it takes, what is read from it, and one that it refuses. */
const table: Record<keyof typeof variables.shape, { good: string; read: unknown; bad: string }> = {
  MODEL_TYPE: { good: "Groq", read: "groq", bad: "gpt" },
  LLM_PROVIDER: { good: "chatgroq", read: "chatgroq", bad: "gpt" },
  MODEL_NAME: text,
  GROQ_MODEL_NAME: text,
  MODEL_PATH: text,
  MODEL_URI: { good: "hf:user/repo:Q4_K_M", read: "hf:user/repo:Q4_K_M", bad: "https://user:key@host/a.gguf" },
  DEVICE: { good: "CUDA", read: "cuda", bad: "tpu" },
  MODELS: { good: "small, large", read: ["small", "large"], bad: "small,,large" },
  OPENAI_API_KEY: key,
  OPENAI_BASE_URL: url,
  GROQ_API_KEY: key,
  GROQ_BASE_URL: url,
  MINIMAX_API_KEY: key,
  MINIMAX_API_URL: url,
  HF_API_TOKEN: key,
  HF_INFERENCE_URL: { ...url, bad: "https://models.example.com/v1?key=sk-0123" },
  OLLAMA_BASE_URL: url,
  OLLAMA_CONTEXT_LENGTH: { good: "8192", read: 8192, bad: "8k" },
  ANTHROPIC_API_KEY: key,
  ANTHROPIC_BASE_URL: url,
  GOOGLE_API_KEY: key,
  GOOGLE_BASE_URL: { ...url, bad: "https://user:password@models.example.com" },
  INFERENCE_SERVICE_URL: { ...url, bad: "file:///etc/passwd" },
  TEMPERATURE: { good: "0.7", read: 0.7, bad: "2.1" },
  TOP_P: { good: ".9", read: 0.9, bad: "1.1" },
  TOP_K: { good: "40", read: 40, bad: "-1" },
  MAX_TOKENS: { good: "512", read: 512, bad: "1e9" },
  MAX_NEW_TOKENS: { good: "512", read: 512, bad: "0" },
  SYSTEM_PROMPT: { good: "Be kind.\nBe short.", read: "Be kind.\nBe short.", bad: "x".repeat(8001) },
  HOST: { good: "::1", read: "::1", bad: "http://localhost" },
  PORT: { good: "0", read: 0, bad: "65536" },
  ENVIRONMENT: { good: "Test", read: "test", bad: "live" },
  DEBUG: { good: "True", read: true, bad: "app:*" },
  LOG_LEVEL: { good: "WARNING", read: "warn", bad: "loud" },
  LOG_FILE: text,
  CORS_ORIGINS: {
    good: "https://a.example, http://localhost:3000",
    read: ["https://a.example", "http://localhost:3000"],
    bad: "https://a.example/path",
  },
  FRONTEND_URL: url,
  TRUST_PROXY: { good: "loopback, 10.0.0.0/8", read: expect.any(Function), bad: "10.0.0.0/99" },
  ENABLE_METRICS: { good: "0", read: false, bad: "maybe" },
  METRICS_ACCESS: { good: "Admin", read: "admin", bad: "users" },
  METRICS_PATH: { good: "/metrics", read: "/metrics", bad: "metrics" },
  ROOT_PAGE: { good: "docs", read: "docs", bad: "home" },
  RATE_LIMIT: {
    good: "10/minute, 1000/day",
    read: [
      { limit: 10, windowMs: 60_000 },
      { limit: 1000, windowMs: 86_400_000 },
    ],
    bad: "10/fortnight",
  },
  REQUEST_LIMIT: { good: "600", read: [{ limit: 600, windowMs: 60_000 }], bad: "many" },
  MAX_CONCURRENT_STREAMS: count,
  MAX_SESSIONS_PER_USER: count,
  MAX_MESSAGES_PER_SESSION: count,
  MAX_CONVERSATION_HISTORY: count,
  MAX_TOKEN_BUDGET: count,
  SESSION_TIMEOUT: count,
  MEMORY_TTL_SECONDS: count,
  MAX_CACHE_SIZE: count,
  REDIS_URL: { good: "rediss://user:pw@db:6379/0", read: "rediss://user:pw@db:6379/0", bad: "localhost:6379" },
  DATABASE_URL: {
    good: "postgresql+asyncpg://user:pw@db:5432/chat",
    read: "postgresql://user:pw@db:5432/chat",
    bad: "mysql://db/chat",
  },
  SQLITE_PATH: text,
  SECRET_KEY: { ...secret, read: secret.good },
  JWKS_URL: url,
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
  PUBLIC_ACCESS: { good: "yes", read: true, bad: "everybody" },
  JWT_SECRET: { ...secret, read: secret.good, bad: "secret" },
  ACCESS_TOKEN_EXPIRE_MINUTES: { good: "30", read: 30, bad: "-3" },
  DEFAULT_ADMIN_USERNAME: { good: "admin", read: "admin", bad: "x".repeat(51) },
  DEFAULT_ADMIN_PASSWORD: { good: "correct horse", read: "correct horse", bad: "short" },
  API_KEY: key,
  API_TOKEN: key,
  AUTH_SERVICE_URL: url,
  INTERNAL_API_KEY: key,
  AUTH_CACHE_TTL_SECONDS: { good: "300", read: 300, bad: "5m" },
};

describe.each(Object.entries(table))("%s", (name, { good, read, bad }) => {
  test("takes a good value", () => {
    expect(variables.parse({ [name]: good })).toEqual({ [name]: read });
  });

  test("refuses a bad one with a sentence that does not repeat it", () => {
    const issues = variables.safeParse({ [name]: bad }).error?.issues ?? [];
    expect(issues[0]).toMatchObject({ path: [name], message: expect.stringMatching(/^must /) });
    expect(issues[0]?.message).not.toContain(bad);
  });
});

test.each([
  ["60", [{ limit: 60, windowMs: 60_000 }]],
  ["5/second", [{ limit: 5, windowMs: 1_000 }]],
  ["100/Hours", [{ limit: 100, windowMs: 3_600_000 }]],
])("RATE_LIMIT=%s", (value, read) => {
  expect(variables.parse({ RATE_LIMIT: value }).RATE_LIMIT).toEqual(read);
});

test.each(["", "0", "-5", "5/", "/minute", "5/constructor", "60,", "1.5/minute", "5 / minute"])(
  "RATE_LIMIT refuses '%s'",
  (value) => {
    expect(variables.safeParse({ RATE_LIMIT: value }).success).toBe(false);
  },
);

test.each(["a".repeat(40), "changeme-changeme-changeme-changeme", "12345678901234567890123456789012"])(
  "SECRET_KEY refuses the placeholder %s",
  (value) => {
    expect(variables.safeParse({ SECRET_KEY: value }).success).toBe(false);
  },
);
