import assert from "node:assert/strict";
import { check, type HttpTopic, type Site } from "../suite.ts";

const listed = "https://app.example";
const hi = { message: "Hi", session_id: "s1" };

const allowed = async ({ ask }: Site, origin: string) => {
  const { headers } = await ask("GET", "/status", { headers: { origin } });
  return { origin: headers.get("access-control-allow-origin"), vary: headers.get("vary") };
};

export const cors: HttpTopic = {
  name: "CORS",
  cases: [
    check("nothing is allowed unless configured", async (site) => {
      assert.deepEqual(await allowed(site, listed), { origin: null, vary: null });
    }),
    check(
      "T20: listed origins, exactly",
      async (site) => {
        assert.deepEqual(await allowed(site, listed), { origin: listed, vary: "Origin" });
        for (const origin of ["null", "https://app.example.evil", "http://app.example", "https://App.example"]) {
          assert.deepEqual(await allowed(site, origin), { origin: null, vary: "Origin" });
        }
        const stream = await site.ask("POST", "/chat-stream", { body: hi, headers: { origin: listed } });
        assert.equal(stream.headers.get("access-control-allow-origin"), listed);
        const refused = await site.ask("POST", "/chat", { body: {}, headers: { origin: listed } });
        assert.equal(refused.status, 422);
        assert.equal(refused.headers.get("access-control-allow-origin"), listed);
        assert.match(refused.headers.get("access-control-expose-headers") ?? "", /X-Request-Id/);
        assert.equal(refused.headers.get("access-control-allow-credentials"), null);
      },
      { options: { cors: { origins: [listed] } } },
    ),
    check(
      "a preflight asks nobody for credentials",
      async ({ ask }) => {
        const headers = { origin: listed, "access-control-request-method": "POST" };
        const { status, headers: got } = await ask("OPTIONS", "/api/v1/chat", { as: null, headers });
        assert.equal(status, 204);
        assert.equal(got.get("access-control-allow-origin"), listed);
        assert.equal(got.get("access-control-allow-credentials"), "true");
        assert.equal(got.get("access-control-allow-methods"), "POST, OPTIONS");
        assert.match(got.get("access-control-allow-headers") ?? "", /^Authorization, Content-Type, .*, X-Api-Key$/);
        const other = await ask("OPTIONS", "/api/v1/chat", {
          as: null,
          headers: { ...headers, origin: "https://x.y" },
        });
        assert.equal(other.headers.get("access-control-allow-methods"), null);
      },
      { options: { cors: { origins: [listed], credentials: true, headers: ["X-Api-Key"] } } },
    ),
    check(
      "T20: all origins, without credentials",
      async (site) => {
        assert.deepEqual(await allowed(site, "https://any.example"), { origin: "*", vary: null });
      },
      { options: { cors: { origins: "*" } } },
    ),
  ],
};
