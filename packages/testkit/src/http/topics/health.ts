import assert from "node:assert/strict";
import { memory, type Storage } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { expectReply } from "../expect.ts";
import { check, type HttpTopic } from "../suite.ts";

/** A store that cannot be reached. */
function dead(): Storage {
  const storage = memory();
  storage.sessions.ping = () => Promise.reject(new Error("down"));
  return storage;
}

const system = {
  service: "chatbot-api",
  version: "0.0.0",
  llm_provider: "scripted",
  redis_healthy: null,
};

export const health: HttpTopic = {
  name: "health and status",
  cases: [
    check("GET /health and /api/v1/health say healthy, without credentials", async ({ ask }) => {
      expectReply(await ask("GET", "/health", { as: null }), { status: "healthy", ...system, llm_healthy: true });
      const { status, body } = await ask("GET", "/api/v1/health", { as: null });
      assert.equal(status, 200);
      assert.partialDeepStrictEqual(body, {
        status: "healthy",
        version: "0.0.0",
        model_type: "scripted",
        model_name: "script-1",
        model_loaded: true,
        active_sessions: 0,
        checks: { engine: "ready" },
      });
    }),
    check(
      "a model that does not answer: degraded",
      async ({ ask }) => {
        expectReply(await ask("GET", "/health"), { status: "degraded", ...system, llm_healthy: false });
        assert.partialDeepStrictEqual((await ask("GET", "/api/v1/health")).body, {
          status: "degraded",
          model_loaded: false,
        });
      },
      { engine: () => ({ backend: scriptedBackend([], { health: { healthy: false, detail: "It is out." } }) }) },
    ),
    check(
      "a store that is down: 503, and liveness does not mind",
      async ({ ask }) => {
        expectReply(await ask("GET", "/health"), { status: "unhealthy", ...system, llm_healthy: true }, 503);
        assert.equal((await ask("GET", "/api/v1/health")).status, 503);
        assert.equal((await ask("GET", "/api/v1/status")).status, 200);
        assert.equal((await ask("GET", "/status")).status, 200);
      },
      { engine: () => ({ storage: dead() }) },
    ),
    check("shutting down: 503 at once for readiness and new turns", async ({ ask, engine }) => {
      assert.equal((await ask("GET", "/health")).status, 200);
      await engine.close();
      assert.equal((await ask("GET", "/health")).status, 503);
      assert.equal((await ask("GET", "/api/v1/health")).status, 503);
      const answer = await ask("POST", "/chat", { body: { message: "Hi", session_id: "s1" } });
      assert.equal(answer.status, 503);
      assert.ok(Number(answer.headers.get("retry-after")) >= 1);
      assert.equal((await ask("GET", "/status")).status, 200);
    }),
    ...["", "/ai"].map((prefix) =>
      check(
        `GET / and /info link ${prefix === "" ? "at the root" : "below the prefix"}`,
        async ({ ask }) => {
          expectReply(await ask("GET", "/", { as: null }), {
            status: "ok",
            service: "chatbot-api",
            version: "0.0.0",
            message: "The chat backend is running.",
            docs: `${prefix}/docs`,
            health: `${prefix}/health`,
            current_llm_provider: "scripted",
          });
          const { body } = await ask("GET", "/info", { as: null });
          assert.partialDeepStrictEqual(body, {
            name: "chatbot-api",
            version: "0.0.0",
            docs: `${prefix}/docs`,
            redoc: `${prefix}/redoc`,
            openapi: `${prefix}/openapi.json`,
            health: `${prefix}/health`,
          });
        },
        { host: { prefix } },
      ),
    ),
  ],
};
