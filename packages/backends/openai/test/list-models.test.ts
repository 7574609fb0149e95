import { inspect } from "node:util";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { ChatError } from "@parlor/core";
import { listModels } from "@parlor/openai";
import { fakeOpenAI } from "@parlor/testkit/openai";
import { fakeProvider, type ProviderReply } from "@parlor/testkit/provider";
import { cleanUp } from "./support.ts";

async function answering(reply: ProviderReply) {
  const fake = await fakeProvider<ProviderReply>({ reply, render: (bytes) => bytes });
  cleanUp(() => fake.close());
  return fake;
}

const json = (body: unknown, status = 200): ProviderReply => ({ status, body: JSON.stringify(body) });

describe("a list of models", () => {
  it("has their names, asked with the key and nothing of the environment", async () => {
    const fake = await fakeOpenAI({ models: ["a", "b/c"] });
    cleanUp(() => fake.close());
    expect(await listModels({ baseURL: fake.url, apiKey: "sk-1", headers: { "x-mine": "1" } })).toEqual(["a", "b/c"]);
    expect(await fake.request(0)).toMatchObject({
      method: "GET",
      path: "/v1/models",
      text: "",
      headers: { authorization: "Bearer sk-1", "x-mine": "1" },
    });
    await fake.quiet();
  });

  it("comes through somebody's own client too", async () => {
    const fake = await fakeOpenAI({ models: ["a"] });
    cleanUp(() => fake.close());
    const client = new OpenAI({ apiKey: "sk-client", baseURL: fake.url });
    expect(await listModels({ client })).toEqual(["a"]);
    await fake.close();
    await expect(listModels({ client })).rejects.toMatchObject({ code: "backend_unavailable" });
  });

  it("may be long", async () => {
    const data = Array.from({ length: 20_000 }, (_, index) => ({ id: `model-${index}`, description: "x".repeat(50) }));
    const fake = await answering(json({ data }));
    expect(await listModels({ baseURL: fake.url })).toHaveLength(20_000);
  });

  it.each<[string, ProviderReply, string]>([
    ["a key that is refused", json({ error: { message: "MARK sk-secret" } }, 401), "backend_auth"],
    ["a page", { body: "<html>MARK" }, "upstream_invalid"],
    ["another list", json([{ id: 1 }]), "upstream_invalid"],
    ["a model without a name", json({ data: [{}] }), "upstream_invalid"],
  ])("fails for %s, and shows nothing of it", async (_, reply, code) => {
    const fake = await answering(reply);
    const error: unknown = await listModels({ baseURL: fake.url, apiKey: "sk-secret" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(ChatError.isInstance(error) && error.code).toBe(code);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/MARK|sk-secret/);
    expect(fake.requests).toHaveLength(1);
  });

  it("that does not come is given up", async () => {
    const fake = await answering({ delayMs: 60_000 });
    const stop = new AbortController();
    const listed = listModels({ baseURL: fake.url }, stop.signal);
    const { closed } = await fake.request(0);
    stop.abort();
    await expect(listed).rejects.toMatchObject({ code: "backend_timeout" });
    expect(await closed).toBe("aborted");
  });
});
