import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "@parlor/core";
import { failure, text, type FakeReply, type Step } from "@parlor/testkit/openai";
import { ask, pair, type Outcome } from "./support.ts";

const secret = "sk-secret-0123456789";

async function answer(reply: FakeReply): Promise<Outcome> {
  const { backend } = await pair({ reply }, { apiKey: secret });
  const outcome = await ask(backend);
  // What a service says goes nowhere: it may repeat the key, or worse.
  const shown = inspect(outcome.error, { depth: 10, showHidden: true }) + JSON.stringify(outcome.error);
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain("MARK");
  return outcome;
}

const message = `MARK Incorrect API key provided: ${secret}`;
const http = (status: number, error: Parameters<typeof failure>[1] = {}, headers = {}): FakeReply =>
  failure(status, { message, ...error }, headers);
const json = (body: unknown, status = 200): FakeReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

describe("an HTTP failure", () => {
  it.each<[string, FakeReply, ErrorCode]>([
    ["401", http(401, { type: "invalid_request_error", code: "invalid_api_key" }), "backend_auth"],
    ["403", http(403), "backend_auth"],
    ["402", http(402), "backend_quota"],
    ["429", http(429, { type: "requests", code: "rate_limit_exceeded" }), "backend_rate_limited"],
    ["429 for want of quota", http(429, { type: "insufficient_quota", code: "insufficient_quota" }), "backend_quota"],
    ["503", http(503, { type: "unavailable_error" }), "backend_overloaded"],
    ["529", http(529, { type: "overloaded_error" }), "backend_overloaded"],
    ["498", http(498), "backend_overloaded"],
    ["500 that means overloaded", http(500, { type: "overloaded_error" }), "backend_overloaded"],
    ["400", http(400, { type: "invalid_request_error" }), "backend_bad_request"],
    ["404", http(404, { code: "model_not_found" }), "backend_bad_request"],
    ["422", http(422), "backend_bad_request"],
    ["501", http(501), "backend_bad_request"],
    ["400 for length", http(400, { code: "context_length_exceeded" }), "context_too_long"],
    ["400 for length, in words", http(400, { message: "MARK maximum context length is 4096" }), "context_too_long"],
    ["413", http(413, { code: "rate_limit_exceeded" }), "context_too_long"],
    ["400 for a call that is none", http(400, { code: "tool_use_failed" }), "upstream_invalid"],
    ["403 of a moderation", json({ error: { code: 403, metadata: { flagged_input: "MARK" } } }, 403), "content_filter"],
    ["400 for an image", http(400, { code: "invalid_image_url" }), "backend_bad_request"],
    ["400 for content", http(400, { code: "content_filter" }), "content_filter"],
    ["408", http(408), "backend_timeout"],
    ["504", http(504), "backend_timeout"],
    ["500", http(500, { type: "invalid_request_error" }), "backend_error"],
    [
      "500 in HTML",
      { status: 500, headers: { "content-type": "text/html" }, body: `<h1>MARK ${secret}` },
      "backend_error",
    ],
    ["502 in one word", json("MARK", 502), "backend_error"],
    ["401 in words", json({ error: `MARK ${secret}` }, 401), "backend_auth"],
    ["302", { status: 302, headers: { location: "/elsewhere" }, body: "" }, "backend_bad_request"],
    ["500 without end", { status: 500, wire: { endless: `MARK ${secret}` } }, "backend_error"],
    ["hostile names", http(400, { type: "constructor", code: "__proto__" }), "backend_bad_request"],
    ["a header without end", { headers: { "x-mark": "MARK".repeat(10_000) } }, "upstream_invalid"],
  ])("%s", async (_, reply, code) => {
    expect((await answer(reply)).error?.code).toBe(code);
  });

  it("names a field of ours that the service found faulty, and nothing else of what it says", async () => {
    const told = async (param: string): Promise<string | undefined> =>
      (await answer(json({ error: { message, param } }, 400))).error?.message;
    expect(await told("model")).toContain("`model`");
    expect(await told("MARK")).toBe(await told("messages[0].MARK"));
  });

  it("tells when to try again", async () => {
    const { error } = await answer(http(429, {}, { "retry-after": "3600" }));
    expect(error).toMatchObject({ code: "backend_rate_limited", retryAfterMs: 3_600_000 });
  });

  it("is not followed elsewhere", async () => {
    const { fake, backend } = await pair();
    fake.next({ status: 307, headers: { location: `${fake.url}/chat/completions` }, body: "" });
    expect((await ask(backend)).error?.code).toBe("backend_bad_request");
    expect(fake.requests).toHaveLength(1);
  });
});

describe("an error inside an answer", () => {
  const said = text("Hel", "lo");
  it.each<[string, Step, ErrorCode]>([
    ["of OpenAI", { json: { error: { message, type: "server_error" } } }, "backend_error"],
    ["with a status as its code", { json: { error: { message, code: 429 } } }, "backend_rate_limited"],
    ["with a name", { json: { error: { message, type: "overloaded_error" } } }, "backend_overloaded"],
    ["of a bad request", { json: { error: { message, type: "invalid_request_error" } } }, "backend_bad_request"],
    ["in words", { json: { error: message } }, "backend_error"],
    [
      "beside choices",
      { json: { error: { code: 502, message }, choices: [{ delta: {}, finish_reason: "error" }] } },
      "backend_error",
    ],
    [
      "under its event name",
      { event: "error", json: { message, code: "rate_limit_exceeded" } },
      "backend_rate_limited",
    ],
    ["under its event name, no JSON", { raw: `event: error\ndata: ${message}\n\n` }, "backend_error"],
    ["in llama-server's field", { raw: `error: {"code":503,"message":"${message}"}\n\n` }, "backend_overloaded"],
    ["of Groq", { json: { choices: [], x_groq: { error: message } } }, "backend_error"],
    [
      "of MiniMax",
      { json: { choices: null, base_resp: { status_code: 1002, status_msg: message } } },
      "backend_rate_limited",
    ],
    ["that is no JSON", { data: `{"MARK ${secret}` }, "upstream_invalid"],
    ["that is no object", { data: "null" }, "upstream_invalid"],
    ["with choices of another kind", { json: { choices: 5 } }, "upstream_invalid"],
    ["with a choice of another kind", { json: { choices: [null] } }, "upstream_invalid"],
    ["with content of another kind", { delta: { content: ["MARK"] } }, "upstream_invalid"],
    ["with reasoning of another kind", { delta: { reasoning: { MARK: 1 } } }, "upstream_invalid"],
    ["above 1 MB", { data: `{"x":"${"MARK".repeat(300_000)}"}` }, "upstream_invalid"],
  ])("%s", async (_, step, code) => {
    const outcome = await answer({ steps: [...said, step, ...text("never")] });
    expect(outcome.error?.code).toBe(code);
    expect(outcome).toMatchObject({ text: "Hello", finish: undefined });
  });

  it.each<[string, FakeReply, ErrorCode]>([
    ["an error", json({ error: { message, type: "server_error" } }), "backend_error"],
    [
      "MiniMax, no credit",
      json({ choices: null, base_resp: { status_code: 1008, status_msg: message } }),
      "backend_quota",
    ],
    [
      "MiniMax, wrong key",
      json({ choices: null, base_resp: { status_code: 1004, status_msg: message } }),
      "backend_auth",
    ],
    ["MiniMax, content", json({ choices: null, base_resp: { status_code: 1026 } }), "content_filter"],
    ["MiniMax, anything else", json({ choices: null, base_resp: { status_code: 1033 } }), "backend_error"],
    ["HTML", { headers: { "content-type": "text/html" }, body: "<html>MARK" }, "upstream_invalid"],
    ["half a JSON", { headers: { "content-type": "application/json" }, body: '{"MARK' }, "upstream_invalid"],
    ["compressed", { headers: { "content-encoding": "gzip" }, steps: said }, "upstream_invalid"],
    [
      "JSON without end",
      { headers: { "content-type": "application/json" }, wire: { endless: "MARK" } },
      "upstream_invalid",
    ],
  ])("HTTP 200 with %s", async (_, reply, code) => {
    expect((await answer(reply)).error?.code).toBe(code);
  });

  it("after finish leaves the answer whole and is told all the same", async () => {
    const done: Step = { json: { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] } };
    const outcome = await answer({ steps: [...said, done, { json: { error: { message } } }] });
    expect(outcome).toMatchObject({ text: "Hello", finish: "stop", error: { code: "backend_error" } });
  });
});
