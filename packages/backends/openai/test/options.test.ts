import { inspect } from "node:util";
import OpenAI from "openai";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openai, type OpenAIOptions } from "@parlor/openai";
import { contextWindowOf } from "../src/context-windows.ts";
import { ask, backendOf, pair } from "./support.ts";

afterEach(() => vi.unstubAllEnvs());

const base = { model: "m", baseURL: "http://127.0.0.1:1/v1" };

describe("options", () => {
  it("fill the model's card", () => {
    const { info } = openai({ ...base, model: "openai/gpt-oss-120b", name: "groq", settings: { temperature: 1 } });
    expect(info).toMatchObject({
      provider: "groq",
      model: "openai/gpt-oss-120b",
      kind: "cloud",
      contextWindow: 131_072,
      defaults: { temperature: 1 },
      baseUrl: "http://127.0.0.1:1/v1",
    });
    expect(openai({ ...base, contextWindow: 9 }).info.contextWindow).toBe(9);
  });

  it.each<[string, Partial<OpenAIOptions>]>([
    ["a model", { model: "" }],
    ["an address", { baseURL: "SECRET" }],
    ["another protocol", { baseURL: "ftp://SECRET/v1" }],
    ["credentials in the address", { baseURL: "https://user:SECRET@host/v1" }],
    ["a query in the address", { baseURL: "https://host/v1?key=SECRET" }],
    ["a line break in the key", { apiKey: "sk-SECRET\nx" }],
    ["a line break in a header", { headers: { "x-key": "SECRET\r\n" } }],
    ["a header's name", { headers: { "x key": "SECRET" } }],
    ["time to connect", { connectMs: 0 }],
    ["a number of retries", { retries: -1 }],
    ["a client and a key", { client: new OpenAI({ apiKey: "SECRET" }), apiKey: "SECRET" }],
  ])("are checked when the backend is made, with no secret told: %s", (_, options) => {
    let thrown: unknown;
    try {
      openai({ ...base, ...options });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain("SECRET");
  });

  it("need a key for OpenAI itself", () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    expect(() => openai({ model: "gpt-5-mini" })).toThrow("OPENAI_API_KEY");
    vi.stubEnv("OPENAI_API_KEY", "sk-env");
    expect(openai({ model: "gpt-5-mini" }).info.baseUrl).toBe("https://api.openai.com/v1");
  });
});

describe("what is sent", () => {
  it("is the key and the headers of the options", async () => {
    const { fake, backend } = await pair({}, { apiKey: "sk-1", headers: { "X-Title": "Mine", "user-agent": "mine" } });
    await ask(backend);
    expect(fake.requests[0]?.headers).toMatchObject({
      authorization: "Bearer sk-1",
      "accept-encoding": "identity",
      "content-type": "application/json",
      "user-agent": "mine",
      "x-title": "Mine",
    });
  });

  it("is nothing of the environment", async () => {
    vi.stubEnv("OPENAI_API_KEY", "sk-env");
    vi.stubEnv("OPENAI_ADMIN_KEY", "sk-env");
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    vi.stubEnv("OPENAI_ORG_ID", "org-env");
    vi.stubEnv("OPENAI_PROJECT_ID", "proj-env");
    vi.stubEnv("OPENAI_CUSTOM_HEADERS", "x-leak: env\nauthorization: Bearer sk-env");
    const { fake } = await pair();
    const keyless = openai({ model: "m", baseURL: fake.url, retries: 0 });
    expect((await ask(keyless)).error).toBeUndefined();
    await ask(backendOf(fake, { apiKey: "sk-1" }));
    await keyless.close();
    const [without, withKey] = fake.requests;
    expect(without?.headers.authorization).toBeUndefined();
    expect(withKey?.headers.authorization).toBe("Bearer sk-1");
    expect(JSON.stringify([without?.headers, withKey?.headers])).not.toContain("env");
  });
});

it.each([
  ["gpt-5-mini", 400_000],
  ["gpt-5-chat-latest", 128_000],
  ["gpt-5.4", 1_050_000],
  ["gpt-5.4-mini", 400_000],
  ["gpt-4.1-nano", 1_047_576],
  ["gpt-4o-mini", 128_000],
  ["gpt-4", 8192],
  ["o4-mini", 200_000],
  ["MiniMaxAI/MiniMax-M2", 204_800],
  ["something-else", 128_000],
])("the context of %s has %d tokens", (model, tokens) => {
  expect(contextWindowOf(model)).toBe(tokens);
});
