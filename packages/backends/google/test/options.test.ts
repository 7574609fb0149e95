import { afterEach, describe, expect, it, vi } from "vitest";
import type { ModelPrices } from "@parlor/core";
import { google, type GoogleOptions } from "@parlor/google";
import { pricesOf } from "../src/models.ts";
import { ask, fakeOf, pair } from "./support.ts";

afterEach(() => vi.unstubAllEnvs());

const infoOf = (options: Partial<GoogleOptions> = {}) =>
  google({ model: "gemini-3.8-flash", apiKey: "k", ...options }).info;

describe("the key", () => {
  it("of the environment is for Google's own service alone", async () => {
    vi.stubEnv("GOOGLE_API_KEY", "AIza-environment");
    expect(() => google({ model: "gemini-3.8-flash" })).not.toThrow();
    const fake = await fakeOf();
    const backend = google({ model: "gemini-3.8-flash", baseURL: fake.url, retries: 0 });
    expect((await ask(backend)).error?.code).toBe("backend_auth");
    expect((await fake.request(0)).headers).not.toHaveProperty("x-goog-api-key");
    await backend.close();
  });

  it("has to be there for Google's own service", () => {
    vi.stubEnv("GOOGLE_API_KEY", "");
    expect(() => google({ model: "gemini-3.8-flash" })).toThrow("GOOGLE_API_KEY");
  });

  it("goes into a header, and nowhere else", async () => {
    const { fake, backend } = await pair();
    await ask(backend);
    const { path, query, headers } = await fake.request(0);
    expect(headers["x-goog-api-key"]).toBe("AIza-test");
    expect(`${path}?${query}`).toBe("/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse");
  });

  it.each(["two words", "a\nb", "schlüssel"])("%j is refused without being shown", (apiKey) => {
    expect(() => google({ model: "m", apiKey })).toThrow(TypeError);
    expect(() => google({ model: "m", apiKey })).not.toThrow(apiKey);
  });
});

it("reads nothing else of the environment, where the SDK would", async () => {
  const foreign = await fakeOf();
  for (const name of ["GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"]) vi.stubEnv(name, foreign.url);
  for (const name of ["GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"]) vi.stubEnv(name, "true");
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "someones");
  vi.stubEnv("GOOGLE_CLOUD_LOCATION", "somewhere");
  vi.stubEnv("GOOGLE_GENAI_API_VERSION", "v9");
  vi.stubEnv("GOOGLE_API_KEY", "AIza-1");
  vi.stubEnv("GEMINI_API_KEY", "AIza-2");
  const warned = vi.spyOn(console, "warn");
  const { fake, backend } = await pair();
  expect((await ask(backend)).error).toBeUndefined();
  const { path, headers } = await fake.request(0);
  expect(path).toBe("/v1/models/gemini-3.8-flash:streamGenerateContent");
  expect(JSON.stringify(headers)).not.toMatch(/AIza-[12]|someones/);
  expect(foreign.requests).toHaveLength(0);
  expect(warned).not.toHaveBeenCalled();
});

describe("the address", () => {
  const pathOf = async (path: string, options: Partial<GoogleOptions> = {}): Promise<string> => {
    const fake = await fakeOf();
    const { backend } = await pair({}, { baseURL: `${fake.url}${path}`, ...options });
    await ask(backend);
    return (await fake.request(0)).path;
  };

  it.each<[path: string, options: Partial<GoogleOptions>, asked: string]>([
    ["", {}, "/v1/models/gemini-3.8-flash"],
    ["/", {}, "/v1/models/gemini-3.8-flash"],
    ["/v1beta", {}, "/v1beta/models/gemini-3.8-flash"],
    ["/v1beta/", {}, "/v1beta/models/gemini-3.8-flash"],
    ["/proxy/v1beta", { apiVersion: "v1" }, "/proxy/v1/models/gemini-3.8-flash"],
    ["/proxy", { apiVersion: "v1alpha" }, "/proxy/v1alpha/models/gemini-3.8-flash"],
    ["", { model: "gemini-flash-latest" }, "/v1beta/models/gemini-flash-latest"],
    ["", { model: "gemini-3.1-pro-preview" }, "/v1beta/models/gemini-3.1-pro-preview"],
    ["", { model: "gemini-3.1-pro-preview", apiVersion: "v1" }, "/v1/models/gemini-3.1-pro-preview"],
    ["", { model: "tunedModels/mine-7" }, "/v1/tunedModels/mine-7"],
    ["", { model: "models/gemini-3.8-flash" }, "/v1/models/gemini-3.8-flash"],
  ])("%j with %o", async (path, options, asked) => {
    expect(await pathOf(path, options)).toBe(`${asked}:streamGenerateContent`);
  });

  it.each(["ftp://a", "nonsense", "https://user:pass@a", "https://a?key=AIza", "https://a/#b"])(
    "%j is refused without being shown",
    (baseURL) => {
      expect(() => infoOf({ baseURL })).toThrow(TypeError);
      expect(() => infoOf({ baseURL })).not.toThrow(/AIza|pass/);
    },
  );

  it("is told, without the version", () => {
    expect(infoOf().baseUrl).toBe("https://generativelanguage.googleapis.com");
    expect(infoOf({ baseURL: "http://127.0.0.1:9/v1beta" }).baseUrl).toBe("http://127.0.0.1:9");
  });
});

it.each<[string, Partial<GoogleOptions>]>([
  ["an empty model", { model: "" }],
  ["a model that leads elsewhere", { model: "../../other" }],
  ["a model with a query", { model: "a?b" }],
  ["connectMs of 0", { connectMs: 0 }],
  ["half a retry", { retries: 0.5 }],
  ["a header with a line break", { headers: { a: "b\nc" } }],
  ["an API version with a path", { apiVersion: "v1/x" }],
])("%s is refused", (_, options) => {
  expect(() => infoOf(options)).toThrow(TypeError);
});

it("headers of one's own are sent", async () => {
  const { fake, backend } = await pair({}, { headers: { "x-goog-user-project": "billing" } });
  await ask(backend);
  expect((await fake.request(0)).headers).toMatchObject({
    "x-goog-user-project": "billing",
    "x-goog-api-key": "AIza-test",
  });
});

describe("what is known of models", () => {
  it("is their context and what they cost", () => {
    expect(infoOf({ model: "gemini-2.5-pro" })).toMatchObject({
      provider: "gcp.gemini",
      contextWindow: 1_048_576,
      prices: { input: 1.25, output: 10, cachedInput: 0.125, asOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    });
    expect(infoOf({ model: "gemma-3-27b-it" }).contextWindow).toBe(131_072);
    const unknown = infoOf({ model: "gemini-99-ultra" });
    expect([unknown.contextWindow, unknown.prices]).toEqual([1_048_576, undefined]);
  });

  it("gives way to what one says", () => {
    const prices: ModelPrices = { input: 1, output: 2, asOf: "2026-11-25" };
    expect(infoOf({ contextWindow: 1000, prices })).toMatchObject({ contextWindow: 1000, prices });
  });

  it("is not said of somebody else's service", () => {
    expect(infoOf({ baseURL: "https://gateway.example.com" }).prices).toBeUndefined();
  });

  it("knows what a long prompt costs", () => {
    const above = { inputTokens: 200_000, input: 2.5, output: 15, cachedInput: 0.25 };
    expect(pricesOf("gemini-2.5-pro", "2026-11-25")?.above).toEqual(above);
    expect(pricesOf("gemini-3.1-pro-preview", "2026-11-25")?.above).toMatchObject({ input: 4, output: 18 });
    expect(pricesOf("gemini-3-flash", "2026-11-25")).not.toHaveProperty("above");
  });

  it("knows which prices end when", () => {
    expect(pricesOf("gemini-3.8-flash", "2026-12-31")).toMatchObject({ input: 0.75, output: 3.75 });
    expect(pricesOf("gemini-3.8-flash", "2027-01-01")).toEqual({
      input: 1.5,
      output: 7.5,
      cachedInput: 0.15,
      asOf: "2026-10-07",
    });
    expect(pricesOf("gemini-4-argon", "2026-12-01")).toMatchObject({ input: 4, output: 20, cachedInput: 0.2 });
    expect(pricesOf("gemini-3.8-flash-image", "2026-12-01")).toBeUndefined();
  });
});
