import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "@parlor/core";
import { failure, type FakeError, type FakeReply } from "@parlor/testkit/anthropic";
import { ask, pair, type Outcome } from "./support.ts";

const secret = "sk-ant-secret-0123456789";
const message = `MARK invalid x-api-key: ${secret}`;

async function answer(reply: FakeReply): Promise<Outcome> {
  const { backend } = await pair({ reply }, { apiKey: secret });
  const outcome = await ask(backend);
  // What a service says goes nowhere: it may repeat the key, or worse.
  const shown = inspect(outcome.error, { depth: 10, showHidden: true }) + JSON.stringify(outcome.error);
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain("MARK");
  return outcome;
}

const http = (status: number, error: FakeError = {}, headers = {}): FakeReply =>
  failure(status, { message, ...error }, headers) as FakeReply;
const invalid = (words: string): FakeError => ({ type: "invalid_request_error", message: `${words} MARK` });

describe("an HTTP failure", () => {
  it.each<[string, FakeReply, ErrorCode]>([
    ["401", http(401, { type: "authentication_error" }), "backend_auth"],
    ["403", http(403, { type: "permission_error" }), "backend_auth"],
    ["402", http(402, { type: "billing_error" }), "backend_quota"],
    ["400 for want of credit", http(400, invalid("Your credit balance is too low to access the API")), "backend_quota"],
    [
      "400 for a limit of usage",
      http(400, invalid("You have reached your specified API usage limits.")),
      "backend_quota",
    ],
    [
      "403 for a limit of spending",
      http(429, { type: "rate_limit_error", details: { error_code: "enforced_spend_limit_reached" } }),
      "backend_quota",
    ],
    ["429", http(429, { type: "rate_limit_error" }), "backend_rate_limited"],
    ["529", http(529, { type: "overloaded_error" }), "backend_overloaded"],
    ["500 that means overloaded", http(500, { type: "overloaded_error" }), "backend_overloaded"],
    ["500", http(500, { type: "api_error" }), "backend_error"],
    ["504", http(504, { type: "timeout_error" }), "backend_timeout"],
    ["409", http(409, { type: "conflict_error" }), "backend_error"],
    ["400", http(400, { type: "invalid_request_error" }), "backend_bad_request"],
    ["404", http(404, { type: "not_found_error" }), "backend_bad_request"],
    ["400 for length", http(400, invalid("prompt is too long: 210000 tokens > 200000 maximum")), "context_too_long"],
    [
      "400 for length with max_tokens",
      http(400, invalid("input length and `max_tokens` exceed context limit: 1 + 2 > 3")),
      "context_too_long",
    ],
    ["413", http(413, { type: "request_too_large" }), "context_too_long"],
    ["400 for content", http(400, invalid("Output blocked by content filtering policy")), "content_filter"],
    ["400 of a compatible service", { status: 400, body: JSON.stringify({ error: message }) }, "backend_bad_request"],
    ["401 in words", { status: 401, body: message }, "backend_auth"],
    ["302", { status: 302, headers: { location: "/elsewhere" }, body: "" }, "backend_bad_request"],
    ["hostile names", http(400, { type: "constructor", details: { error_code: { MARK: 1 } } }), "backend_bad_request"],
  ])("%s", async (_, reply, code) => {
    expect((await answer(reply)).error?.code).toBe(code);
  });

  it("names a field of ours that the service found faulty, and nothing else of what it says", async () => {
    const told = async (words: string): Promise<string | undefined> =>
      (await answer(http(400, invalid(words)))).error?.message;
    expect(await told("max_tokens: 999999 > 128000, which is the maximum")).toContain("`max_tokens`");
    expect(await told("messages.1.content.0: Invalid `signature`")).toContain("`messages`");
    expect(await told("MARK: Extra inputs are not permitted")).not.toContain("`");
  });

  it("tells when to try again, and is not waited for above 30 s", async () => {
    const { fake, backend } = await pair(
      { reply: http(429, { type: "rate_limit_error" }, { "retry-after": "3600" }) },
      { retries: 2 },
    );
    expect((await ask(backend)).error).toMatchObject({ code: "backend_rate_limited", retryAfterMs: 3_600_000 });
    expect(fake.requests).toHaveLength(1);
  });
});
