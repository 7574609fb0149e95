import assert from "node:assert/strict";
import { expectProblem } from "../expect.ts";
import { check, type HttpTopic } from "../suite.ts";

const hi = { message: "Hi", session_id: "s1" };
const browser = { "sec-fetch-site": "same-origin" };

export const owners: HttpTopic = {
  name: "owners",
  cases: [
    check("somebody else's session is not there, and the same id is another session", async ({ ask }) => {
      await ask("POST", "/chat", { body: { message: "a secret", session_id: "s1" } });
      const eve = { as: "eve" };
      expectProblem(await ask("GET", "/api/v1/sessions/s1", eve), 404, "session_not_found");
      expectProblem(await ask("DELETE", "/api/v1/sessions/s1", eve), 404, "session_not_found");
      expectProblem(await ask("GET", "/history/s1", eve), 404, "session_not_found");
      assert.deepEqual((await ask("GET", "/api/v1/sessions", eve)).body, []);
      assert.deepEqual((await ask("GET", "/sessions", eve)).body, { sessions: [] });
      assert.equal(((await ask("GET", "/stats", eve)).body as { total_sessions: number }).total_sessions, 0);
      assert.deepEqual((await ask("DELETE", "/history/s1", eve)).body, { status: "not_found", session_id: "s1" });
      assert.deepEqual((await ask("POST", "/reset/s1", eve)).body, { status: "not_found", session_id: "s1" });
      assert.deepEqual((await ask("DELETE", "/chat/sessions/s1", eve)).body, { message: "Session s1 not found" });
      assert.equal(((await ask("POST", "/chat", { ...eve, body: hi })).body as { turn_count: number }).turn_count, 1);
      const { body } = await ask("GET", "/history/s1");
      assert.partialDeepStrictEqual(body, { turn_count: 1, messages: [{ content: "a secret" }, {}] });
    }),
    check(
      "public with one owner: everybody is `anonymous`, admin routes stay shut",
      async ({ ask }) => {
        const { body } = await ask("POST", "/chat", { as: null, body: hi });
        assert.partialDeepStrictEqual(body, { user_id: "anonymous" });
        assert.equal((await ask("GET", "/history/s1", { as: null })).status, 200);
        const problem = expectProblem(await ask("GET", "/chat/memory/stats", { as: null }), 403, "forbidden");
        assert.match(String(problem["detail"]), /auth/);
      },
      { options: { access: "public", sharedAnonymous: true } },
    ),
    check(
      "public with one owner: reaching the server is the credential, so pages of other sites may not use it",
      async ({ ask, backend }) => {
        const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";
        const foreign = { as: null, headers: { "sec-fetch-site": "cross-site", origin: "https://evil.example" } };
        expectProblem(await ask("GET", stream, foreign), 403, "forbidden");
        expectProblem(await ask("POST", "/reset/s1", foreign), 403, "forbidden");
        assert.equal(backend.calls.length, 0);
        const listed = { as: null, headers: { "sec-fetch-site": "cross-site", origin: "https://listed.example" } };
        assert.equal((await ask("GET", stream, listed)).status, 200);
        const client = { as: null, headers: { authorization: "Bearer whatever-this-client-always-sends" } };
        assert.equal((await ask("GET", "/history/s1", client)).status, 200);
      },
      { options: { access: "public", sharedAnonymous: true, cors: { origins: ["https://listed.example"] } } },
    ),
    check(
      "and also beside an `auth`, for who has not used it",
      async ({ ask, backend }) => {
        const evil = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
        const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";
        expectProblem(await ask("GET", stream, { as: null, headers: evil }), 403, "forbidden");
        expectProblem(await ask("POST", "/reset/s1", { as: null, headers: evil }), 403, "forbidden");
        expectProblem(
          await ask("POST", "/reset/s1", { as: null, headers: { ...evil, cookie: "a=b" } }),
          403,
          "forbidden",
        );
        assert.equal(backend.calls.length, 0);
        assert.equal((await ask("POST", "/reset/s1", { as: null })).status, 200);
        assert.equal((await ask("POST", "/reset/s1", { as: "ada", headers: evil })).status, 200);
      },
      {
        options: {
          access: "public",
          sharedAnonymous: true,
          auth: ({ headers }) => (headers["authorization"] === "Bearer ada" ? { id: "ada" } : undefined),
        },
      },
    ),
    check(
      "public: a browser is a visitor of its own, by cookie",
      async ({ ask }) => {
        const first = await ask("POST", "/chat", { as: null, body: hi, headers: browser });
        const cookie = first.headers.get("set-cookie") ?? "";
        assert.match(cookie, /^parlor_visitor=[\w-]{22}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
        const value = cookie.split(";")[0] ?? "";
        assert.ok(!first.text.includes(value.split("=")[1] ?? ""), "the cookie's value is in the body");
        const mine = { as: null, headers: { ...browser, cookie: `theme=dark; ${value}` } };
        const again = await ask("GET", "/sessions", mine);
        assert.equal(again.headers.get("set-cookie"), null);
        assert.partialDeepStrictEqual(again.body, { sessions: [{ session_id: "s1" }] });
        expectProblem(await ask("GET", "/history/s1", { as: null, headers: browser }), 404, "session_not_found");
        expectProblem(await ask("GET", "/history/s1", { as: null }), 404, "session_not_found");
      },
      { options: { access: "public" } },
    ),
    check(
      "public: a browser that does not say Sec-Fetch-Site is known by its Origin",
      async ({ ask, url }) => {
        const cookieOf = async (headers: Record<string, string>) =>
          (await ask("POST", "/reset/s1", { as: null, headers })).headers.get("set-cookie");
        const { host } = new URL(url);
        assert.match((await cookieOf({ origin: `http://${host}` })) ?? "", /^parlor_visitor=/);
        for (const origin of ["https://other.example", "null"]) assert.equal(await cookieOf({ origin }), null);
        assert.equal(await cookieOf({ origin: `http://${host}`, "sec-fetch-site": "cross-site" }), null);
        assert.equal(await cookieOf({}), null);
      },
      { options: { access: "public" } },
    ),
    check(
      "public: without cookies the session's id is the key, and lists are empty",
      async ({ ask }) => {
        const none = { as: null };
        const first = await ask("POST", "/chat", { ...none, body: hi });
        assert.equal(first.headers.get("set-cookie"), null);
        const second = await ask("POST", "/chat", { ...none, body: hi });
        assert.partialDeepStrictEqual(second.body, { turn_count: 2, user_id: "anonymous" });
        assert.equal((await ask("GET", "/history/s1", none)).status, 200);
        assert.deepEqual((await ask("GET", "/sessions", none)).body, { sessions: [] });
        expectProblem(await ask("GET", "/history/s2", none), 404, "session_not_found");
      },
      { options: { access: "public" } },
    ),
    check(
      "pages of other sites do nothing with a user's cookies",
      async ({ ask, url, backend }) => {
        const { host } = new URL(url);
        const cookie = `parlor_visitor=${"x".repeat(22)}`;
        const status = async (method: string, path: string, headers: Record<string, string>) =>
          (await ask(method, path, { as: null, headers: { cookie, ...headers } })).status;
        const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";
        for (const headers of [
          { "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" },
          { origin: "https://evil.example" },
          { origin: "null" },
          { origin: "https://listed.example.evil.example" },
        ]) {
          assert.equal(await status("POST", "/reset/s1", headers), 403);
          assert.equal(await status("DELETE", "/history/s1", headers), 403);
          assert.equal(await status("GET", stream, headers), 403);
          assert.equal(await status("GET", "/sessions", headers), 200);
        }
        assert.equal(backend.calls.length, 0);
        for (const headers of [
          { "sec-fetch-site": "same-origin" },
          { "sec-fetch-site": "cross-site", origin: "https://listed.example" },
          { origin: `http://${host}` },
        ]) {
          assert.equal(await status("POST", "/reset/s1", headers), 200);
        }
      },
      { options: { access: "public", cors: { origins: ["https://listed.example"], credentials: true } } },
    ),
  ],
};
