import { mkdtempSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import Anthropic from "@anthropic-ai/sdk";
import { afterEach, describe, expect, it, vi } from "vitest";
import { anthropic, type AnthropicOptions } from "@parlor/anthropic";
import { resolveOptions } from "../src/options.ts";
import { ask, backendOf, cleanUp, pair } from "./support.ts";

afterEach(() => vi.unstubAllEnvs());

const base = { model: "m", baseURL: "http://127.0.0.1:1" };

describe("options", () => {
  it("fill the model's card", () => {
    const { info } = anthropic({ ...base, model: "claude-opus-5-5", name: "proxy", settings: { maxTokens: 9 } });
    expect(info).toMatchObject({
      provider: "proxy",
      model: "claude-opus-5-5",
      kind: "cloud",
      contextWindow: 1_000_000,
      defaults: { maxTokens: 9 },
      baseUrl: "http://127.0.0.1:1",
    });
    expect(info).not.toHaveProperty("prices");
    const prices = { input: 1, output: 2, asOf: "2026-11-21" };
    expect(anthropic({ ...base, contextWindow: 9, prices }).info).toMatchObject({ contextWindow: 9, prices });
    expect(anthropic({ model: "claude-opus-5-5", apiKey: "k" }).info).toMatchObject({
      baseUrl: "https://api.anthropic.com",
      prices: { input: 4, output: 20, cachedInput: 0.2 },
    });
  });

  it.each<[string, Partial<AnthropicOptions>]>([
    ["a model", { model: "" }],
    ["an address", { baseURL: "SECRET" }],
    ["another protocol", { baseURL: "ftp://SECRET" }],
    ["credentials in the address", { baseURL: "https://user:SECRET@host" }],
    ["a query in the address", { baseURL: "https://host?key=SECRET" }],
    ["a line break in the key", { apiKey: "sk-SECRET\nx" }],
    ["a line break in a header", { headers: { "x-key": "SECRET\r\n" } }],
    ["a header's name", { headers: { "x key": "SECRET" } }],
    ["a version", { version: "SECRET\n" as "2023-06-01" }],
    ["time to connect", { connectMs: 0 }],
    ["a number of retries", { retries: -1 }],
    ["a client and a key", { client: new Anthropic({ apiKey: "SECRET" }), apiKey: "SECRET" }],
  ])("are checked when the backend is made, with no secret told: %s", (_, options) => {
    let thrown: unknown;
    try {
      anthropic({ ...base, ...options });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain("SECRET");
  });

  it.each([
    ["claude-opus-5-5", "https://api.anthropic.com", "2026-10-21"],
    ["claude-sonnet-4-6", "https://api.anthropic.com", "2023-06-01"],
    ["claude-opus-5-5", "https://proxy.example", "2023-06-01"],
  ])("choose the version that %s at %s can be asked by: %s", (model, baseURL, version) => {
    expect(resolveOptions({ model, baseURL, apiKey: "k" }).version).toBe(version);
  });

  it("need a key for Anthropic itself", () => {
    vi.stubEnv("ANTHROPIC_API_KEY", "");
    expect(() => anthropic({ model: "claude-opus-5-5" })).toThrow("ANTHROPIC_API_KEY");
    vi.stubEnv("ANTHROPIC_API_KEY", "sk-env");
    expect(anthropic({ model: "claude-opus-5-5" }).info.baseUrl).toBe("https://api.anthropic.com");
  });

  it.each(["", "/", "/v1", "/v1/"])("know an address that ends with %j", async (path) => {
    const { fake } = await pair();
    await ask(backendOf(fake, { baseURL: `${fake.url}${path}` }));
    expect(fake.requests[0]).toMatchObject({ method: "POST", path: "/v1/messages" });
  });
});

describe("what is sent", () => {
  it("is the key as Bearer, the version and the headers of the options", async () => {
    const { fake, backend } = await pair({}, { apiKey: "sk-1", headers: { "X-Title": "Mine", "anthropic-beta": "b" } });
    await ask(backend);
    expect(fake.requests[0]?.headers).toMatchObject({
      authorization: "Bearer sk-1",
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "b",
      "accept-encoding": "identity",
      "content-type": "application/json",
      "x-title": "Mine",
    });
    expect(fake.requests[0]?.headers).not.toHaveProperty("x-api-key");
  });

  it("is the key as x-api-key when told, and another version", async () => {
    const { fake, backend } = await pair({}, { apiKey: "sk-1", auth: "x-api-key", version: "2026-10-21" });
    await ask(backend);
    const headers = fake.requests[0]?.headers;
    expect(headers).toMatchObject({ "x-api-key": "sk-1", "anthropic-version": "2026-10-21" });
    expect(headers).not.toHaveProperty("authorization");
  });

  it("is nothing of the environment, nor of files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "anthropic-config-"));
    mkdirSync(join(folder, "configs"));
    writeFileSync(join(folder, "active_config"), "default");
    writeFileSync(
      join(folder, "configs", "default.json"),
      JSON.stringify({ base_url: "http://127.0.0.1:1", authentication: { type: "api_key", api_key: "sk-env" } }),
    );
    vi.stubEnv("ANTHROPIC_CONFIG_DIR", folder);
    vi.stubEnv("ANTHROPIC_API_KEY", "sk-env");
    vi.stubEnv("ANTHROPIC_AUTH_TOKEN", "token-env");
    vi.stubEnv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1");
    vi.stubEnv("ANTHROPIC_PROFILE", "env");
    vi.stubEnv("ANTHROPIC_LOG", "debug");
    vi.stubEnv("ANTHROPIC_CUSTOM_HEADERS", "x-leak: env\nAuthorization: Bearer sk-env\nx-api-key: sk-env");
    const { fake } = await pair();
    const keyless = anthropic({ model: "m", baseURL: fake.url, retries: 0 });
    cleanUp(() => keyless.close());
    expect((await ask(keyless)).error).toBeUndefined();
    await ask(backendOf(fake, { apiKey: "sk-1" }));
    await ask(backendOf(fake, { apiKey: "sk-2", auth: "x-api-key" }));
    const [without, bearer, header] = fake.requests.map(({ headers }) => headers);
    expect(without).not.toHaveProperty("authorization");
    expect(bearer?.authorization).toBe("Bearer sk-1");
    expect(header?.["x-api-key"]).toBe("sk-2");
    expect(JSON.stringify([without, bearer, header])).not.toContain("env");
  });
});
