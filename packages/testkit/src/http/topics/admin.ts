import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { expectProblem, expectReply, faultsOf } from "../expect.ts";
import { account } from "../site.ts";
import { type Answer, check, type HttpTopic, type Site } from "../suite.ts";

const good = { username: account.username, password: account.password };
const accounts = { accounts: true };

const login = ({ ask }: Site, body: unknown = good): Promise<Answer> => ask("POST", "/admin/login", { as: null, body });

async function tokenOf(site: Site, body?: unknown): Promise<string> {
  return ((await login(site, body)).body as { access_token: string }).access_token;
}

export const admin: HttpTopic = {
  name: "admin",
  cases: [
    check(
      "a login, what it opens, and its end",
      async (site) => {
        const { ask } = site;
        const answer = await login(site);
        const { access_token: token, ...rest } = answer.body as Record<string, unknown>;
        assert.equal(answer.status, 200);
        assert.deepEqual(rest, { token_type: "bearer", expires_in: 3600, username: "admin" });
        const as = String(token);
        expectReply(await ask("GET", "/admin/info", { as }), {
          username: "admin",
          created_at: "time",
          last_updated: "time",
        });
        expectReply(await ask("GET", "/admin/sessions", { as }), [
          { session_id: "id", username: "admin", created_at: "time", last_activity: "time" },
        ]);
        const status = (await ask("GET", "/admin/status", { as })).body as Record<string, unknown>;
        assert.ok(Number(status["uptime_seconds"]) >= 0);
        assert.deepEqual(
          { ...status, uptime_seconds: 0 },
          {
            redis_connected: null,
            chatgroq_healthy: true,
            backend_healthy: true,
            store_healthy: true,
            active_sessions_count: 1,
            uptime_seconds: 0,
            uptime_formatted: "0h 0m",
          },
        );
        assert.equal((await ask("GET", "/chat/memory/stats", { as })).status, 200);
        expectReply(await ask("POST", "/admin/logout", { as }), { message: "Logged out successfully" });
        expectProblem(await ask("GET", "/admin/info", { as }), 401, "unauthorized");
        expectProblem(await ask("GET", "/sessions", { as }), 401, "unauthorized");
      },
      accounts,
    ),
    check(
      "P29: an unknown name and a wrong password get the same answer",
      async (site) => {
        const wrong = await login(site, { ...good, password: "wrong" });
        const unknown = await login(site, { ...good, username: "nobody" });
        for (const answer of [wrong, unknown]) {
          assert.equal(expectProblem(answer, 401, "unauthorized")["detail"], "Invalid username or password");
          assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="parlor"');
        }
        for (const password of ["admin", "admin123", "password", `${good.password} `]) {
          expectProblem(await login(site, { ...good, password }), 401, "unauthorized");
        }
      },
      accounts,
    ),
    check(
      "T14: failed logins are counted by name, and the right password is no way around",
      async (site) => {
        for (let attempt = 0; attempt < 10; attempt += 1) {
          expectProblem(await login(site, { ...good, password: "wrong" }), 401, "unauthorized");
        }
        const refused = await login(site);
        expectProblem(refused, 429, "rate_limited");
        assert.match(refused.headers.get("retry-after") ?? "", /^(?:30[01]|29\d)$/);
        assert.match(refused.headers.get("ratelimit") ?? "", /^"logins-by-name-300";r=0;t=(?:300|29\d)$/);
      },
      accounts,
    ),
    check(
      "T14: and by address, whatever the name and whatever a client says of its address",
      async (site) => {
        const attempt = (index: number) =>
          site.ask("POST", "/admin/login", {
            as: null,
            body: { username: `name-${index}`, password: "wrong" },
            headers: { "x-forwarded-for": `203.0.113.${index}`, "x-real-ip": `203.0.113.${index}` },
          });
        for (let index = 0; index < 20; index += 1) expectProblem(await attempt(index), 401, "unauthorized");
        expectProblem(await attempt(20), 429, "rate_limited");
      },
      accounts,
    ),
    check(
      "logins that succeed count for nothing",
      async (site) => {
        for (let attempt = 0; attempt < 12; attempt += 1) assert.equal((await login(site)).status, 200);
      },
      accounts,
    ),
    check(
      "T16: a password that bcrypt would cut short is refused before it is hashed",
      async (site) => {
        const as = await tokenOf(site);
        const change = (new_password: string) =>
          site.ask("POST", "/admin/change-credentials", { as, body: { new_username: "root", new_password } });
        const odd = ["a".repeat(73), "\u{1f600}".repeat(19), "with a \0 in it", "a".repeat(1_000_000)];
        for (const password of odd) {
          assert.deepEqual(faultsOf(await change(password)), ["new_password"]);
          assert.deepEqual(faultsOf(await login(site, { ...good, password })), ["password"]);
        }
        assert.deepEqual(faultsOf(await change("short")), ["new_password"]);
        const longest = "\u{1f600}".repeat(18);
        assert.equal((await change(longest)).status, 200);
        assert.equal((await login(site, { username: "root", password: longest })).status, 200);
        expectProblem(await login(site, { username: "root", password: longest.slice(0, -2) }), 401, "unauthorized");
      },
      accounts,
    ),
    check(
      "new credentials end older logins; the conversations stay",
      async (site) => {
        const { ask } = site;
        const [as, other] = [await tokenOf(site), await tokenOf(site)];
        await ask("POST", "/chat", { as, body: { message: "Hi", session_id: "s1" } });
        const wanted = { new_username: "grace", new_password: "another horse" };
        expectReply(await ask("POST", "/admin/change-credentials", { as, body: wanted }), {
          message: "Credentials updated successfully",
          new_username: "grace",
        });
        for (const old of [as, other]) expectProblem(await ask("GET", "/admin/info", { as: old }), 401, "unauthorized");
        expectProblem(await login(site), 401, "unauthorized");
        const renewed = await tokenOf(site, { username: "grace", password: "another horse" });
        assert.partialDeepStrictEqual((await ask("GET", "/admin/info", { as: renewed })).body, { username: "grace" });
        assert.equal((await ask("GET", "/history/s1", { as: renewed })).status, 200);
        assert.equal(((await ask("GET", "/admin/sessions", { as: renewed })).body as unknown[]).length, 1);
      },
      accounts,
    ),
    check(
      "P26: a logout ends the streams of that login, and no other's",
      async (site) => {
        const clock = site.engine.clock as ReturnType<typeof manualClock>;
        const [as, other] = [await tokenOf(site), await tokenOf(site)];
        const [cut, kept] = [
          await site.open("GET", "/api/v1/chat/stream?message=Hi&session_id=s1", { as }),
          await site.open("GET", "/api/v1/chat/stream?message=Hi&session_id=s2", { as: other }),
        ];
        await site.ask("POST", "/admin/logout", { as });
        clock.advance(4_000);
        await assert.rejects(cut.text());
        site.release();
        assert.match(await kept.text(), /event: done/);
      },
      {
        ...accounts,
        model: (gate) => [{ type: "text", text: "Well" }, { wait: gate }, { type: "finish", reason: "stop" }],
        engine: () => ({ clock: manualClock() }),
      },
    ),
    check("a test of the model touches no session", async ({ ask, backend }) => {
      const answer = await ask("POST", "/admin/test-chat", { as: "root", body: { message: "Hi" } });
      expectReply(answer, { success: true, response: "Hello there, friend" });
      assert.deepEqual((await ask("GET", "/sessions", { as: "root" })).body, { sessions: [] });
      assert.equal(backend.calls.length, 1);
      assert.deepEqual(faultsOf(await ask("POST", "/admin/test-chat", { as: "root", body: {} })), ["message"]);
    }),
    check(
      "a test of a model that fails says why",
      async ({ ask }) => {
        const answer = await ask("POST", "/admin/test-chat", { as: "root", body: { message: "Hi" } });
        expectReply(answer, { success: false, error: "It did not work." });
      },
      { model: [{ fail: new ChatError("backend_auth", "It did not work.") }] },
    ),
    check("without accounts nobody can log in, and the reply says what to do", async (site) => {
      const answers = [
        await login(site),
        await site.ask("GET", "/admin/info", { as: "root" }),
        await site.ask("GET", "/admin/sessions", { as: "root" }),
        await site.ask("POST", "/admin/logout", { as: "root" }),
      ];
      for (const answer of answers) {
        assert.match(String(expectProblem(answer, 403, "forbidden")["detail"]), /accounts\(\)/);
      }
      assert.equal((await site.ask("GET", "/admin/status", { as: "root" })).status, 200);
    }),
    check(
      "an admin by other means has no login to end",
      async ({ ask }) => {
        expectProblem(await ask("POST", "/admin/logout", { as: "root" }), 403, "forbidden");
        assert.equal((await ask("GET", "/admin/info", { as: "root" })).status, 200);
      },
      accounts,
    ),
    check("which model answers, and which could", async ({ ask }) => {
      const as = null;
      expectReply(await ask("GET", "/llm/provider", { as }), {
        current_provider: {
          provider: "scripted",
          model: "script-1",
          base_url: null,
          temperature: 0.7,
          max_tokens: 1024,
          type: "local",
          description: "script-1 by scripted",
        },
      });
      const { providers } = (await ask("GET", "/llm/providers", { as })).body as { providers: object[] };
      assert.ok(providers.length >= 10);
      for (const provider of providers) {
        assert.deepEqual(Object.keys(provider).toSorted(), [
          "description",
          "display_name",
          "models",
          "name",
          "requires_api_key",
          "type",
        ]);
      }
      expectReply(await ask("GET", "/llm/health", { as }), { provider: "scripted", healthy: true });
    }),
  ],
};
