import assert from "node:assert/strict";
import { expectReply, faultsOf } from "../expect.ts";
import { collect, textOf } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";

const hi = { message: "Hi", session_id: "s1" };
const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";

export const hosts: HttpTopic = {
  name: "in a host app",
  cases: [
    check(
      "under a prefix, and nowhere else",
      async ({ ask, events, url }) => {
        assert.equal((await ask("POST", "/chat/", { body: hi })).status, 200);
        assert.equal(textOf(await collect(events("GET", stream))), "Hello there, friend");
        assert.equal((await ask("GET", "/history/s1")).status, 200);
        assert.equal((await ask("GET", "?x=1")).status, 200);
        for (const path of ["/status", "/aistatus", "/ai/ai/status"]) {
          const response = await fetch(new URL(path, url));
          assert.equal(response.status, 404, path);
          await response.text();
        }
      },
      { host: { prefix: "/ai" } },
    ),
    check(
      "after the host's own body parser",
      async ({ ask, events }) => {
        const answer = await ask("POST", "/api/v1/chat", { body: hi });
        assert.equal(answer.status, 200, answer.text);
        const body = { ...hi, stream: true };
        assert.equal(textOf(await collect(events("POST", "/api/v1/chat", { body }))), "Hello there, friend");
        assert.deepEqual(faultsOf(await ask("POST", "/chat", { body: { session_id: "s1" } })), ["message"]);
        assert.deepEqual(faultsOf(await ask("POST", "/chat")), ["message", "session_id"].toSorted().reverse());
        expectReply(await ask("POST", "/reset/s2"), { status: "not_found", session_id: "s2" });
      },
      { host: { parsesBodies: true }, needs: ["body-parser"] },
    ),
  ],
};
