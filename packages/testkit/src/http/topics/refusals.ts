import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { expectProblem, faultsOf } from "../expect.ts";
import { check, type HttpTopic } from "../suite.ts";

const chat = "/api/v1/chat";
const hi = { message: "Hi", session_id: "s1" };
const json = { "content-type": "application/json" };

/** Sends a body as it is. */
const raw = (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
  fetch(url + chat, { method: "POST", headers: { authorization: "Bearer ada", ...headers }, body });

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

export const refusals: HttpTopic = {
  name: "refusals",
  cases: [
    check("a body that is not JSON: 400", async ({ url }) => {
      const latin1 = new Uint8Array([0x22, 0xe9, 0x22]);
      for (const body of ["{", '{"message":"canary"', "nothing", latin1]) {
        const response = await raw(url, body);
        assert.equal(response.status, 400);
        const text = await response.text();
        assert.match(text, /invalid_json/);
        assert.doesNotMatch(text, /canary/);
      }
    }),
    check("a body that breaks the schema: 422 with the paths", async ({ ask, backend }) => {
      const faults = async (body: unknown) => faultsOf(await ask("POST", chat, { body }));
      assert.deepEqual(await faults({}), ["session_id", "message"]);
      assert.deepEqual(await faults({ ...hi, message: "" }), ["message"]);
      assert.deepEqual(await faults({ ...hi, message: 7 }), ["message"]);
      assert.deepEqual(await faults({ ...hi, message: "x".repeat(32_001) }), ["message"]);
      assert.deepEqual(await faults({ ...hi, system_prompt: "x".repeat(8_001) }), ["system_prompt"]);
      assert.deepEqual(await faults({ ...hi, temperature: 2.1 }), ["temperature"]);
      assert.deepEqual(await faults({ ...hi, temperature: "1" }), ["temperature"]);
      assert.deepEqual(await faults({ ...hi, max_tokens: 0 }), ["max_tokens"]);
      assert.deepEqual(await faults({ ...hi, max_tokens: 1.5 }), ["max_tokens"]);
      assert.deepEqual(await faults({ ...hi, max_tokens: 1_000_000_000 }), ["max_tokens"]);
      for (const body of [[], "text", 7, null]) assert.ok((await faults(body)).length > 0);
      assert.equal(backend.calls.length, 0);
    }),
    check("a query that breaks the schema: 422 with the paths", async ({ ask }) => {
      const faults = async (query: string) => faultsOf(await ask("GET", `${chat}/stream?${query}`));
      assert.deepEqual(await faults("session_id=s1"), ["message"]);
      assert.deepEqual(await faults("message=Hi"), ["session_id"]);
      assert.deepEqual(await faults("message=Hi&session_id=s1&temperature=hot"), ["temperature"]);
      assert.deepEqual(faultsOf(await ask("GET", "/api/v1/sessions?limit=0")), ["limit"]);
      assert.deepEqual(faultsOf(await ask("GET", "/sessions?limit=201")), ["limit"]);
    }),
    check("session ids: the rule, wherever one is taken", async ({ ask }) => {
      const longest = "A-z.0_9:@".padEnd(128, "x");
      assert.equal((await ask("POST", chat, { body: { ...hi, session_id: longest } })).status, 200);
      for (const id of ["", "..", "a b", "a/b", "ä", "x".repeat(129), "a\n", "%00"]) {
        assert.deepEqual(faultsOf(await ask("POST", chat, { body: { ...hi, session_id: id } })), ["session_id"]);
        if (id === "" || id === "..") continue;
        assert.deepEqual(faultsOf(await ask("GET", `/history/${encodeURIComponent(id)}`)), ["session_id"]);
      }
    }),
    check(
      "session ids: one that cannot be decoded",
      async ({ ask }) => assert.deepEqual(faultsOf(await ask("GET", "/history/%zz")), ["session_id"]),
      { needs: ["malformed-paths"] },
    ),
    check("T30, T31: another content type, or an encoding: 415", async ({ url }) => {
      const types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json garbage",
        "application/jsonp",
      ];
      for (const type of types) {
        const response = await raw(url, JSON.stringify(hi), { "content-type": type });
        assert.equal(response.status, 415, type);
        assert.equal(await codeOf(response), "unsupported_media_type");
      }
      const encoded = await raw(url, JSON.stringify(hi), { ...json, "content-encoding": "gzip" });
      assert.equal(encoded.status, 415);
      await encoded.text();
      for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/ld+json"]) {
        const response = await raw(url, JSON.stringify(hi), { "content-type": type });
        assert.equal(response.status, 200, type);
        await response.text();
      }
    }),
    check(
      "T30: a body over the limit: 413, with a length and without",
      async ({ url }) => {
        const body = JSON.stringify({ ...hi, padding: "x".repeat(2_000) });
        const response = await raw(url, body);
        assert.equal(response.status, 413);
        assert.equal(await codeOf(response), "payload_too_large");
        const stream = new Blob([body]).stream();
        const chunked = await fetch(url + chat, {
          method: "POST",
          headers: { ...json, authorization: "Bearer ada" },
          body: stream,
          duplex: "half",
        } as RequestInit);
        assert.equal(chunked.status, 413);
        await chunked.text();
        const fits = await raw(url, JSON.stringify(hi));
        assert.equal(fits.status, 200);
        await fits.text();
      },
      { options: { limits: { bodyBytes: 1_000 } } },
    ),
    check("T28: keys that poison objects: 400", async ({ url }) => {
      for (const key of ['{"__proto__":{"admin":true}}', '{"a":[{"constructor":{"prototype":{}}}]}']) {
        const response = await raw(url, `{"message":"Hi","session_id":"s1","x":${key}}`);
        assert.equal(response.status, 400);
        assert.equal(await codeOf(response), "forbidden_key");
      }
    }),
    check("T29: deep nesting: 400", async ({ url }) => {
      const nested = (depth: number) =>
        `{"message":"Hi","session_id":"s1","x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      const deep = await raw(url, nested(32));
      assert.equal(deep.status, 400);
      assert.equal(await codeOf(deep), "too_deep");
      const absurd = await raw(url, nested(200_000));
      assert.equal(absurd.status, 400);
      await absurd.text();
      const fine = await raw(url, nested(31));
      assert.equal(fine.status, 200);
      await fine.text();
    }),
    check("no or bad credentials: 401 with a challenge", async ({ ask }) => {
      const none = await ask("POST", chat, { as: null, body: hi });
      expectProblem(none, 401, "unauthorized");
      assert.equal(none.headers.get("www-authenticate"), 'Bearer realm="parlor"');
      const bad = await ask("POST", chat, { as: "nobody", body: hi });
      expectProblem(bad, 401, "unauthorized");
      assert.equal(bad.headers.get("www-authenticate"), 'Bearer realm="parlor", error="invalid_token"');
    }),
    check(
      "credentials that cannot be checked: 503",
      async ({ ask }) => {
        const answer = await ask("GET", "/sessions");
        expectProblem(answer, 503, "auth_unavailable");
        assert.doesNotMatch(answer.text, /canary/);
      },
      {
        options: {
          auth: () => {
            throw new Error("canary");
          },
        },
      },
    ),
    check("another method: 405 with Allow; OPTIONS and HEAD work", async ({ ask, backend }) => {
      const wrong = await ask("PUT", "/api/v1/sessions/s1");
      expectProblem(wrong, 405, "method_not_allowed");
      assert.equal(wrong.headers.get("allow"), "GET, DELETE, HEAD, OPTIONS");
      const options = await ask("OPTIONS", chat, { as: null });
      assert.equal(options.status, 204);
      assert.equal(options.headers.get("allow"), "POST, OPTIONS");
      const head = await ask("HEAD", "/api/v1/status");
      assert.equal(head.status, 200);
      assert.equal(head.text, "");
      const stream = await ask("HEAD", `${chat}/stream?message=Hi&session_id=s1`);
      assert.equal(stream.status, 200);
      assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
      assert.equal(backend.calls.length, 0);
    }),
    check("an unknown path: the host's 404", async ({ ask }) => {
      for (const path of ["/nothing", "/api/v1", "/api/v1/nothing", "/history", "/history/s1/more", "/chat/s1"]) {
        assert.equal((await ask("GET", path)).status, 404, path);
      }
    }),
    check("a trailing slash never matters", async ({ ask }) => {
      await ask("POST", `${chat}/`, { body: hi });
      for (const path of ["/api/v1/sessions/", "/api/v1/sessions/s1/", "/history/s1/", "/status/"]) {
        assert.equal((await ask("GET", path)).status, 200, path);
      }
    }),
    check("X-Request-Id: echoed when sane, else made", async ({ ask }) => {
      const echo = async (id: string) =>
        (await ask("GET", "/status", { headers: { "x-request-id": id } })).headers.get("x-request-id");
      assert.equal(await echo("trace-1.A_z"), "trace-1.A_z");
      for (const id of ["a b", "<script>", "x".repeat(129)]) assert.match((await echo(id)) ?? "", /^[0-9a-f-]{36}$/);
    }),
    check(
      "what breaks here: 500 that tells nothing",
      async ({ ask }) => {
        const answer = await ask("GET", "/sessions");
        expectProblem(answer, 500, "internal");
        assert.doesNotMatch(answer.text, /auth|principal/);
      },
      { options: { auth: () => ({ id: "" }) } },
    ),
    check(
      "a rate limit: 429 with Retry-After",
      async ({ ask }) => {
        assert.equal((await ask("POST", chat, { body: hi })).status, 200);
        const answer = await ask("POST", chat, { body: hi });
        expectProblem(answer, 429, "rate_limited");
        assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      },
      { engine: () => ({ limits: { requests: [{ limit: 1, windowMs: 60_000 }] } }) },
    ),
    check(
      "a model's service that limits us: 503 with its Retry-After, streamed or not",
      async ({ ask }) => {
        const requests = [
          ask("POST", chat, { body: hi }),
          ask("POST", chat, { body: { ...hi, session_id: "s2", stream: true } }),
          ask("POST", "/chat-stream", { body: { ...hi, session_id: "s3" } }),
        ];
        for (const answer of await Promise.all(requests)) {
          expectProblem(answer, 503, "backend_rate_limited");
          assert.equal(answer.headers.get("retry-after"), "7");
        }
      },
      { model: [{ fail: new ChatError("backend_rate_limited", "Too fast.", { retryAfterMs: 6_500 }) }] },
    ),
    ...(["backend_timeout", "backend_overloaded", "backend_auth", "content_filter"] as const).map((code) =>
      check(
        `${code} before the first word: a status, streamed or not`,
        async ({ ask }) => {
          const { status } = new ChatError(code, "");
          expectProblem(await ask("POST", chat, { body: hi }), status, code);
          expectProblem(await ask("POST", chat, { body: { ...hi, stream: true } }), status, code);
          expectProblem(await ask("GET", `${chat}/stream?message=Hi&session_id=s1`), status, code);
          expectProblem(await ask("POST", "/chat-stream", { body: hi }), status, code);
        },
        { model: [{ fail: new ChatError(code, "It did not work.") }] },
      ),
    ),
  ],
};
