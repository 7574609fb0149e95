import { describe, expect, it } from "vitest";
import { failure, text, type FakeReply } from "@parlor/testkit/openai";
import { ask, pair } from "./support.ts";

describe("a call", () => {
  const limited = failure(429, {}, { "retry-after": "0" });

  it("is made anew with the same body until it is answered", async () => {
    const { fake, backend } = await pair({}, { retries: 2 });
    fake.next(limited, failure(500, {}));
    expect(await ask(backend)).toMatchObject({ text: "Hello from the fake.", error: undefined });
    expect(fake.requests).toHaveLength(3);
    expect(fake.connections.opened).toBe(1);
    expect(new Set(fake.requests.map((request) => request.text)).size).toBe(1);
  });

  it("is made at most once and `retries` times more", async () => {
    const { fake, backend } = await pair({ reply: limited }, { retries: 1 });
    expect((await ask(backend)).error?.code).toBe("backend_rate_limited");
    expect(fake.requests).toHaveLength(2);
  });

  it.each<[string, FakeReply]>([
    ["refused credentials", failure(401, {})],
    ["a bad request", failure(400, {})],
    ["an exhausted quota", failure(429, { code: "insufficient_quota" })],
    ["a long wait", failure(429, {}, { "retry-after": "31" })],
    ["an answer that broke off", { steps: text("a"), finish: null }],
    ["an error inside an answer", { steps: [{ json: { error: { code: 500 } } }] }],
  ])("is not made again after %s", async (_, reply) => {
    const { fake, backend } = await pair({ reply }, { retries: 2 });
    expect((await ask(backend)).error).toBeDefined();
    expect(fake.requests).toHaveLength(1);
  });

  it("stops waiting when it is stopped", async () => {
    const { fake, backend } = await pair({ reply: failure(503, {}, { "retry-after": "29" }) }, { retries: 2 });
    const stop = new AbortController();
    const asked = ask(backend, "Hi", {}, stop.signal);
    await (
      await fake.request(0)
    ).closed;
    setImmediate(() => stop.abort());
    expect(await asked).toMatchObject({ events: [], error: undefined });
    expect(fake.requests).toHaveLength(1);
  });
});
