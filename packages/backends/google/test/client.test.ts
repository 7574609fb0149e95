import { GoogleGenAI, type HttpOptions } from "@google/genai";
import { describe, expect, it, vi } from "vitest";
import { google } from "@parlor/google";
import { failure, functionCall, text } from "@parlor/testkit/google";
import { ask, backendOf, fakeOf, pair, says } from "./support.ts";

async function withClient(httpOptions: HttpOptions = {}, retries = 0) {
  const fake = await fakeOf();
  const client = new GoogleGenAI({
    apiKey: "AIza-client",
    vertexai: false,
    httpOptions: { baseUrl: fake.url, ...httpOptions },
  });
  return { fake, client, backend: backendOf(fake, { client, retries }) };
}

describe("a client that is brought along", () => {
  it("makes the request: its key, its version, its headers", async () => {
    const { fake, backend } = await withClient({ apiVersion: "v1alpha", headers: { "x-own": "yes" } });
    expect(await ask(backend)).toMatchObject({ text: "Hello from the fake.", error: undefined });
    const { path, headers } = await fake.request(0);
    expect(path).toBe("/v1alpha/models/gemini-3.8-flash:streamGenerateContent");
    expect(headers).toMatchObject({ "x-goog-api-key": "AIza-client", "x-own": "yes" });
  });

  it("keeps its own fetch", async () => {
    const own = vi.fn<typeof fetch>((...asked) => fetch(...asked));
    const { backend } = await withClient({ fetch: own });
    expect(await ask(backend)).toMatchObject({ text: "Hello from the fake.", error: undefined });
    expect(own).toHaveBeenCalledOnce();
  });

  it("tries nothing again by itself, whatever it was told", async () => {
    const { fake, backend } = await withClient({ retryOptions: { attempts: 5, initialDelay: 0.001 } });
    fake.next(failure(503, "UNAVAILABLE"), failure(503, "UNAVAILABLE"));
    expect((await ask(backend)).error?.code).toBe("backend_overloaded");
    expect(fake.requests).toHaveLength(1);
  });

  it("has a time limit of its own, before the answer and within it", async () => {
    const { fake, backend } = await withClient({ timeout: 100 });
    fake.next({ delayMs: 60_000 });
    expect((await ask(backend)).error?.code).toBe("backend_timeout");
    fake.next({ steps: text("a", "b"), wire: { cut: { at: 200, how: "stall" } } });
    expect((await ask(backend)).error?.code).toBe("upstream_truncated");
    for (const request of [0, 1]) expect(await (await fake.request(request)).closed).toBe("aborted");
  });

  it("may be Vertex AI's, which has other paths", async () => {
    const fake = await fakeOf({ reply: { steps: [functionCall("a", {}, { id: "g" })] } });
    const client = new GoogleGenAI({ vertexai: true, apiKey: "AIza-vertex", httpOptions: { baseUrl: fake.url } });
    const backend = backendOf(fake, { client });
    const call = (await ask(backend)).events[0] as { id: string };
    expect(backend.info.provider).toBe("gcp.vertex_ai");
    expect(backend.info).not.toHaveProperty("baseUrl");
    const result = { type: "tool-result", id: call.id, output: 1 } as const;
    const called = { role: "assistant", parts: [call as never] } as const;
    expect(
      (await ask(backend, { messages: [says("Hi"), called, { role: "tool", parts: [result] }] })).error,
    ).toBeUndefined();
    expect((await fake.request(1)).path).toMatch(
      /^\/v1beta1\/.*publishers\/google\/models\/gemini-3\.8-flash:streamGenerateContent$/,
    );
  });

  it("that cannot make the request says what to look at, and not what it knows", async () => {
    const { backend, fake } = await withClient();
    const client = new GoogleGenAI({
      apiKey: "auth_tokens/secret",
      vertexai: false,
      httpOptions: { baseUrl: fake.url },
    });
    const { error } = await ask(backendOf(fake, { client }));
    expect(error?.code).toBe("backend_auth");
    expect(error?.message).not.toContain("secret");
    expect(error?.cause).toBeUndefined();
    expect((await ask(backend)).error).toBeUndefined();
  });

  it("that takes its time to log in is not waited for after an abort", async () => {
    const fake = await fakeOf();
    const never = { getRequestHeaders: () => new Promise<Headers>(() => {}) };
    const client = new GoogleGenAI({
      vertexai: true,
      project: "p",
      location: "global",
      httpOptions: { baseUrl: fake.url },
    });
    Object.assign(
      (client as unknown as { apiClient: { clientOptions: { auth: object } } }).apiClient.clientOptions.auth,
      {
        apiKey: undefined,
        googleAuth: never,
      },
    );
    const stop = new AbortController();
    const asked = ask(backendOf(fake, { client }), {}, stop.signal);
    stop.abort();
    expect(await asked).toMatchObject({ events: [], error: undefined });
    expect(fake.requests).toHaveLength(0);
  });

  it.each(["apiKey", "baseURL", "apiVersion", "headers"] as const)("leaves no room for %s", async (option) => {
    const { client } = await withClient();
    const value = option === "headers" ? {} : "x";
    expect(() => google({ model: "m", client, [option]: value })).toThrow(option);
  });
});

describe("a fetch that is brought along", () => {
  it("is asked in place of our own, and its answer read as it comes", async () => {
    const own = vi.fn<(url: string, init?: RequestInit) => Promise<Response>>((url, init) => fetch(url, init));
    const { fake, backend } = await pair({ reply: { steps: text("Grö", "ße"), wire: { split: 1 } } }, { fetch: own });
    expect(await ask(backend)).toMatchObject({ text: "Größe", finish: "stop", error: undefined });
    expect(own).toHaveBeenCalledOnce();
    fake.next({ steps: text("a"), finish: null });
    expect((await ask(backend)).error?.code).toBe("upstream_truncated");
  });

  it("is told of an abort", async () => {
    const { fake, backend } = await pair({ reply: { delayMs: 60_000 } }, { fetch: (url, init) => fetch(url, init) });
    const stop = new AbortController();
    const asked = ask(backend, {}, stop.signal);
    const { closed } = await fake.request(0);
    stop.abort();
    expect(await asked).toMatchObject({ events: [], error: undefined });
    expect(await closed).toBe("aborted");
  });

  it("that fails means that the service cannot be reached", async () => {
    const { backend } = await pair({}, { fetch: () => Promise.reject(new TypeError("MARK failed")) });
    const { error } = await ask(backend);
    expect([error?.code, error?.message]).toEqual(["backend_unavailable", "Google cannot be reached."]);
  });
});
