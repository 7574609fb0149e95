import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/read-config.ts";

const secret = "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa";
const token = "tok_3f9a8c7b6d5e4f3a";
const production = { ENVIRONMENT: "production", SECRET_KEY: secret };

function read(environment: Record<string, string>) {
  const result = readConfig(environment);
  return "faults" in result
    ? { faults: result.faults, access: undefined, warnings: [] }
    : { faults: [], access: result.config.access, warnings: result.warnings };
}

test("open without credentials, closed as soon as there are some", () => {
  expect(read({}).access).toEqual({ anonymous: "shared", tokens: [], jwt: [], admin: {} });
  for (const [name, value] of [
    ["API_KEY", token],
    ["API_TOKEN", token],
    ["JWT_SECRET", secret],
  ] as const) {
    expect(read({ [name]: value }).access).toMatchObject({ anonymous: "refused" });
  }
  expect(read({ AUTH_SERVICE_URL: "http://auth", INTERNAL_API_KEY: "key" }).access).toMatchObject({
    anonymous: "refused",
    service: { url: "http://auth", internalKey: "key" },
  });
  expect(read({ SECRET_KEY: secret }).access).toMatchObject({ anonymous: "shared", admin: { secret } });
});

test("PUBLIC_ACCESS makes visitors of who comes without credentials", () => {
  expect(read({ PUBLIC_ACCESS: "true" }).access).toMatchObject({ anonymous: "visitor" });
  expect(read({ PUBLIC_ACCESS: "true", API_KEY: token }).access).toMatchObject({
    anonymous: "visitor",
    tokens: [token],
  });
  expect(read({ PUBLIC_ACCESS: "false" }).access).toMatchObject({ anonymous: "shared" });
  expect(read({ ...production, PUBLIC_ACCESS: "true" }).access).toMatchObject({ anonymous: "visitor" });
});

test("everything else reaches its place", () => {
  expect(
    read({
      API_KEY: token,
      API_TOKEN: token,
      JWT_SECRET: secret,
      JWKS_URL: "https://id.example/keys",
      JWT_ISSUER: "https://id.example",
      JWT_AUDIENCE: "chat",
      AUTH_SERVICE_URL: "http://auth",
      INTERNAL_API_KEY: "key",
      AUTH_CACHE_TTL_SECONDS: "60",
      SECRET_KEY: secret,
      ACCESS_TOKEN_EXPIRE_MINUTES: "30",
      DEFAULT_ADMIN_USERNAME: "grace",
      DEFAULT_ADMIN_PASSWORD: "correct horse",
      CORS_ORIGINS: "https://a.example,https://b.example",
      FRONTEND_URL: "https://b.example/chat",
    }).access,
  ).toEqual({
    anonymous: "refused",
    tokens: [token],
    jwt: [
      { key: { secret }, issuer: "https://id.example", audience: "chat" },
      { key: { jwksUrl: "https://id.example/keys" }, issuer: "https://id.example", audience: "chat" },
    ],
    service: { url: "http://auth", internalKey: "key", ttlMs: 60_000 },
    admin: { secret, username: "grace", password: "correct horse", lifetimeMs: 1_800_000 },
    cors: { origins: ["https://a.example", "https://b.example"], credentials: true },
  });
  expect(read({ CORS_ORIGINS: "*", FRONTEND_URL: "https://b.example" }).access?.cors).toEqual({ origins: "*" });
});

test("TRUST_PROXY: how many, or which", () => {
  const trust = (value: string) => read({ TRUST_PROXY: value }).access!.trust!;
  expect([0, 1, 2].map((hop) => trust("2")("203.0.113.1", hop))).toEqual([true, true, false]);
  const listed = trust("loopback, 10.0.0.0/8");
  expect(["127.0.0.1", "::1", "::ffff:10.1.2.3", "11.0.0.1"].map((address) => listed(address, 0))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  for (const bad of ["true", "*", "100", "10.0.0.0/99", "proxy.example", ","]) {
    expect(read({ TRUST_PROXY: bad }).faults).toEqual([expect.stringMatching(/^TRUST_PROXY must be/)]);
  }
});

describe("T10: production refuses what protects nobody", () => {
  test.each<readonly [string, Record<string, string>, RegExp]>([
    ["no SECRET_KEY", { ENVIRONMENT: "production", API_KEY: token }, /^SECRET_KEY must be set/],
    ["a short one", { ...production, API_KEY: token, SECRET_KEY: "secret" }, /^SECRET_KEY must have at least 32 bytes/],
    [
      "a known one",
      { ...production, API_KEY: token, SECRET_KEY: "your-secret-key-change-me-in-production" },
      /^SECRET_KEY must be random/,
    ],
    ["a short API_KEY", { ...production, API_KEY: "key" }, /^API_KEY and API_TOKEN need 16/],
    ["nobody who may chat", production, /^ENVIRONMENT=production needs to know who may chat/],
    ...["admin123", "password", "Password1!", "changeme", "12345678", "letmein1", "grace-hopper"].map(
      (password) =>
        [
          `the password ${password}`,
          { ...production, API_KEY: token, DEFAULT_ADMIN_USERNAME: "grace-hopper", DEFAULT_ADMIN_PASSWORD: password },
          /^DEFAULT_ADMIN_PASSWORD is a known default/,
        ] as const,
    ),
  ])("%s", (_name, environment, fault) => {
    expect(read(environment).faults).toEqual([expect.stringMatching(fault)]);
  });

  test("and takes what does", () => {
    expect(read({ ...production, API_KEY: token, DEFAULT_ADMIN_PASSWORD: "correct horse battery" }).faults).toEqual([]);
    expect(read({ DEFAULT_ADMIN_PASSWORD: "admin123" }).faults).toEqual([]);
  });
});

test("what does not go together, and what does nothing alone", () => {
  expect(read({ AUTH_SERVICE_URL: "http://auth" }).faults).toEqual([
    "INTERNAL_API_KEY must be set for AUTH_SERVICE_URL",
  ]);
  expect(read({ JWKS_URL: "https://id.example/keys", JWT_ISSUER: "x" }).faults).toEqual([
    expect.stringMatching(/^JWT_ISSUER and JWT_AUDIENCE must be set/),
  ]);
  expect(read({ JWT_ISSUER: "x", JWT_AUDIENCE: "y", AUTH_CACHE_TTL_SECONDS: "5" }).warnings).toEqual([
    "AUTH_CACHE_TTL_SECONDS is set, but does nothing without AUTH_SERVICE_URL",
    "JWT_ISSUER is set, but does nothing without JWT_SECRET or JWKS_URL",
    "JWT_AUDIENCE is set, but does nothing without JWT_SECRET or JWKS_URL",
  ]);
});
