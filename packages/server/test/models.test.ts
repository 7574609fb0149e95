import { fakeOpenAI, text } from "@parlor/testkit/openai";
import { expect, test } from "vitest";
import { serve } from "./support/serve.ts";

test("MODELS are served, listed and named per conversation", async () => {
  const provider = await fakeOpenAI({ reply: { steps: text("Hello") } });
  const server = await serve({
    OPENAI_API_KEY: "key",
    OPENAI_BASE_URL: provider.url,
    MODEL_NAME: "large",
    MODELS: "large,small",
  });
  const post = async (path: string, body: object) =>
    (
      await fetch(`${server.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json();
  expect(await (await fetch(`${server.url}/api/models`)).json()).toMatchObject({
    current_model: "large",
    models: ["large", "small"],
  });
  const { id } = await post("/api/conversations", { model_tag: "small" });
  expect(await post(`/api/conversations/${id}/message`, { content: "Hi" })).toMatchObject({
    reply: { content: "Hello", model_tag: "small" },
  });
  expect(provider.requests.map(({ body }) => (body as { model: string }).model)).toEqual(["small"]);
  await server.close();
  await provider.close();
});
