import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "@parlor/core";
import { errorInfo, failure, quotaFailure, retryInfo, type GeminiReply } from "@parlor/testkit/google";
import { ask, pair } from "./support.ts";

async function failureOf(reply: GeminiReply) {
  const { backend } = await pair({ reply });
  const { error, events } = await ask(backend);
  expect(events).toEqual([]);
  return error;
}

describe("an HTTP failure", () => {
  it.each<[status: number, name: string, code: ErrorCode, retryable: boolean]>([
    [400, "INVALID_ARGUMENT", "backend_bad_request", false],
    [400, "FAILED_PRECONDITION", "backend_quota", false],
    [401, "UNAUTHENTICATED", "backend_auth", false],
    [402, "RESOURCE_EXHAUSTED", "backend_quota", false],
    [403, "PERMISSION_DENIED", "backend_auth", false],
    [404, "NOT_FOUND", "backend_bad_request", false],
    [429, "RESOURCE_EXHAUSTED", "backend_rate_limited", true],
    [499, "CANCELLED", "backend_error", true],
    [500, "INTERNAL", "backend_error", true],
    [501, "UNIMPLEMENTED", "backend_bad_request", false],
    [503, "UNAVAILABLE", "backend_overloaded", true],
    [504, "DEADLINE_EXCEEDED", "backend_timeout", true],
    [418, "SOMETHING_NEW", "backend_bad_request", false],
    [599, "SOMETHING_NEW", "backend_error", true],
  ])("%i %s is %s", async (status, name, code, retryable) => {
    const error = await failureOf(failure(status, name, { message: "MARK AIza-test" }));
    expect([error?.code, error?.retryable]).toEqual([code, retryable]);
    expect(error?.message).toContain(`HTTP ${status}`);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/MARK|AIza-test/);
  });

  it.each<[what: string, status: number, told: Parameters<typeof failure>[2], code: ErrorCode]>([
    ["a wrong key", 400, { details: [errorInfo("API_KEY_INVALID")] }, "backend_auth"],
    ["a wrong key, in words", 400, { message: "API key not valid. Please pass a valid API key." }, "backend_auth"],
    ["an expired key", 400, { message: "API key expired. Please renew the API key." }, "backend_auth"],
    [
      "a long prompt",
      400,
      { message: "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)." },
      "context_too_long",
    ],
    ["a day's quota", 429, { details: [quotaFailure("GenerateRequestsPerDayPerProject-FreeTier")] }, "backend_quota"],
    ["a minute's", 429, { details: [quotaFailure("GenerateRequestsPerMinutePerProject")] }, "backend_rate_limited"],
    ["credit", 429, { message: "Your prepayment credits are depleted." }, "backend_quota"],
    [
      "the usual words of a rate limit",
      429,
      { message: "You exceeded your current quota, please check your plan and billing details." },
      "backend_rate_limited",
    ],
  ])("tells more than its status: %s", async (_, status, told, code) => {
    const name = status === 400 ? "INVALID_ARGUMENT" : "RESOURCE_EXHAUSTED";
    expect((await failureOf(failure(status, name, told)))?.code).toBe(code);
  });

  it.each([
    ["RetryInfo", { details: [retryInfo("12s")] }, {}, 12_000],
    ["RetryInfo with fractions", { details: [retryInfo("0.25s")] }, {}, 250],
    ["Retry-After", {}, { "retry-after": "7" }, 7000],
    ["both: the longer one", { details: [retryInfo("12s")] }, { "retry-after": "30" }, 30_000],
    ["neither", {}, {}, undefined],
    ["nonsense", { details: [retryInfo("soon"), null, 7] }, {}, undefined],
  ])("says when to try again by %s", async (_, told, headers, retryAfterMs) => {
    const reply = failure(429, "RESOURCE_EXHAUSTED", told);
    const error = await failureOf({ ...reply, headers: { ...reply.headers, ...headers } });
    expect(error?.retryAfterMs).toBe(retryAfterMs);
  });

  it.each([
    ["an array, as streams have it", JSON.stringify([{ error: { code: 503, status: "UNAVAILABLE" } }])],
    ["no JSON", "<html>MARK</html>"],
    ["nothing", ""],
    ["JSON of somebody else", JSON.stringify({ error: "MARK" })],
    ["null", "null"],
  ])("with %s goes by what there is", async (_, body) => {
    const error = await failureOf({ status: 503, body });
    expect(error?.code).toBe("backend_overloaded");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("MARK");
  });

  it("is tried again after what RetryInfo says", async () => {
    const { backend, fake } = await pair({}, { retries: 1 });
    fake.next(failure(429, "RESOURCE_EXHAUSTED", { details: [retryInfo("0.05s")] }));
    expect(await ask(backend)).toMatchObject({ text: "Hello from the fake.", error: undefined });
    expect(fake.requests).toHaveLength(2);
  });
});
