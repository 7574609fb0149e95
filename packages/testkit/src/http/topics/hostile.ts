import assert from "node:assert/strict";
import { expectProblem, faultsOf } from "../expect.ts";
import { check, type HttpTopic, type Site } from "../suite.ts";

const hi = { message: "Hi", session_id: "s1" };

/** Every method and path of the server's own description, with `s1` for each parameter. */
async function operationsOf({ url }: Site): Promise<readonly (readonly [method: string, path: string])[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    readonly paths: { readonly [path: string]: object };
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "s1")] as const),
  );
}

const bodies: readonly (readonly [name: string, type: string | undefined, body: string | undefined])[] = [
  ["nothing", "application/json", undefined],
  ["nothing of no type", undefined, undefined],
  ["null", "application/json", "null"],
  ["a list", "application/json", "[]"],
  ["a text", "application/json", '"x"'],
  ["a number", "application/json", "7"],
  ["half an object", "application/json", '{"message":'],
  ["plain text", "text/plain", "message=Hi"],
  ["a broken type", "application/json garbage", "{}"],
  ["no UTF-8", "application/json", '{"message":"\xff'],
];

const chatCall = (json: string) => [
  { role: "user", content: "Hi" },
  { role: "assistant", tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: json } }] },
  { role: "tool", tool_call_id: "1", content: "ok" },
];
const responsesCall = (json: string) => [
  { role: "user", content: "Hi" },
  { type: "function_call", call_id: "1", name: "f", arguments: json },
  { type: "function_call_output", call_id: "1", output: "ok" },
];

export const hostile: HttpTopic = {
  name: "hostile input",
  cases: [
    check("T31: whatever is wrong with a body, no route fails of it", async (site) => {
      const operations = await operationsOf(site);
      assert.ok(operations.length > 20);
      for (const [method, path] of operations) {
        // Those cannot have one by this client; a turn for each would take its time.
        if (method === "GET") continue;
        for (const [name, type, body] of bodies) {
          const response = await fetch(site.url + path, {
            method,
            headers: { authorization: "Bearer root", ...(type !== undefined && { "content-type": type }) },
            ...(body !== undefined && { body: Buffer.from(body, "latin1") }),
          });
          await response.text();
          assert.ok(response.status < 500, `${method} ${path} answered ${response.status} to ${name}`);
        }
      }
      assert.equal(site.backend.calls.length, 0);
      assert.equal((await site.ask("GET", "/status")).status, 200);
    }),
    check("T5: a body chooses no owner, no role and no time", async ({ ask }) => {
      const more = {
        user: "eve",
        user_id: "eve",
        owner: "eve",
        role: "system",
        id: "m1",
        created_at: "2001-01-01T00:00:00.000Z",
        metadata: { admin: true },
      };
      assert.equal((await ask("POST", "/chat", { body: { ...hi, ...more } })).status, 200);
      expectProblem(await ask("GET", "/history/s1", { as: "eve" }), 404, "session_not_found");
      const { body } = await ask("GET", "/api/v1/sessions/s1");
      const { messages, created_at } = body as { messages: { id: string; role: string }[]; created_at: string };
      assert.deepEqual(
        messages.map(({ role }) => role),
        ["user", "assistant"],
      );
      assert.notEqual(messages[0]?.id, "m1");
      assert.ok(!created_at.startsWith("2001"));
    }),
    check("T6: a list is searched by nothing but its own parameters", async ({ ask }) => {
      await ask("POST", "/chat", { body: hi });
      const plain = (await ask("GET", "/api/v1/sessions")).body;
      const odd = ["filter[a')--]=1", "sort=id;drop", "owner=eve", "order_by=1'--", "$where=1", "limit=50&limit=1';--"];
      for (const query of odd.slice(0, -1)) {
        assert.deepEqual((await ask("GET", `/api/v1/sessions?${query}`)).body, plain, query);
      }
      assert.deepEqual(faultsOf(await ask("GET", `/api/v1/sessions?${odd.at(-1)}`)), ["limit"]);
      for (const cursor of ["'", "' OR 1=1--", "%00", "../../x", "eyJ9", "\u{1f600}"]) {
        const { status } = await ask("GET", `/api/v1/sessions?cursor=${encodeURIComponent(cursor)}`);
        assert.ok(status < 500, `a cursor of ${cursor} answered ${status}`);
      }
    }),
    check("T32: odd text is stored and returned as it came, or refused", async ({ ask }) => {
      const odd = [
        "\u{1f600}\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
        "\u202eright to left\u202c",
        "e\u0301 is not \u00e9",
        "a\u0000b",
        "\ud800",
        "half\udc00a pair",
        "\ufeffbom",
        "\u2028line\u2029",
        "\uffff\ufffe",
      ];
      for (const [index, message] of odd.entries()) {
        const answer = await ask("POST", "/chat", { body: { message, session_id: `odd-${index}` } });
        assert.ok(answer.status < 500, `${JSON.stringify(message)} answered ${answer.status}`);
        if (answer.status !== 200) continue;
        const { body } = await ask("GET", `/history/odd-${index}`);
        assert.equal((body as { messages: { content: string }[] }).messages[0]?.content, message);
      }
    }),
    check("T35: nobody asks for more tokens than the model has room for", async ({ ask, backend }) => {
      for (const max_tokens of [1_000_000_000, Number.MAX_SAFE_INTEGER, -1, 0]) {
        assert.deepEqual(faultsOf(await ask("POST", "/chat", { body: { ...hi, max_tokens } })), ["max_tokens"]);
      }
      assert.equal(backend.calls.length, 0);
    }),
    check(
      "T35: a budget of tokens for each ends in 429",
      async ({ ask }) => {
        const body = { ...hi, max_tokens: 60 };
        assert.equal((await ask("POST", "/chat", { body })).status, 200);
        // Of 100, the first used 13; then 64 are reserved, and used as well.
        assert.equal((await ask("POST", "/chat", { body: { ...body, session_id: "s2" } })).status, 200);
        const greedy = await ask("POST", "/chat", { body: { ...body, max_tokens: 95 } });
        expectProblem(greedy, 429, "token_budget_exceeded");
        assert.match(greedy.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
        assert.equal(greedy.headers.get("ratelimit-policy"), '"tokens-60";q=100;w=60;qu="tokens"');
        assert.equal((await ask("POST", "/chat", { as: "eve", body })).status, 200);
      },
      { engine: () => ({ limits: { tokens: [{ limit: 100, windowMs: 60_000 }] } }) },
    ),
    check("T36: text that patterns could choke on goes through them in one pass", async ({ ask, url }) => {
      const long = "a".repeat(100_000);
      const asked = [`${long}!`, " ".repeat(100_000), `${"Bearer ".repeat(14_000)}x`, `${'"'.repeat(50_000)}\\`];
      for (const text of asked) {
        const body = { message: text, session_id: text, system_prompt: text, temperature: text, username: text };
        for (const path of ["/chat", "/api/v1/chat", "/admin/login"]) {
          const { status } = await ask("POST", path, { body });
          assert.ok(status < 500, `${path} answered ${status}`);
        }
      }
      const header = "a ".repeat(5_000);
      const headers = {
        "idempotency-key": `"${header}`,
        "last-event-id": header,
        "x-request-id": header,
        cookie: header,
      };
      for (const authorization of [`Bearer ${header}`, header, `Bearer${" ".repeat(10_000)}x`]) {
        const response = await fetch(`${url}/sessions`, { headers: { authorization } });
        assert.equal(response.status, 401);
        await response.text();
      }
      const answer = await ask("POST", "/chat", {
        body: hi,
        headers: { "idempotency-key": headers["idempotency-key"] },
      });
      assert.deepEqual(faultsOf(answer), ["Idempotency-Key"]);
      assert.equal((await ask("GET", "/status", { headers: { cookie: headers.cookie } })).status, 200);
    }),
    check("T41: somebody else's Idempotency-Key gives one's own turn", async ({ ask, backend }) => {
      const asked = { body: hi, headers: { "idempotency-key": "k-1" } };
      const [first, second] = [
        await ask("POST", "/api/v1/chat", asked),
        await ask("POST", "/api/v1/chat", { ...asked, as: "eve" }),
      ];
      assert.equal(second.status, 200);
      assert.notEqual(
        (first.body as { message_id: string }).message_id,
        (second.body as { message_id: string }).message_id,
      );
      assert.equal(backend.calls.length, 2);
    }),
    check(
      "T41: who is known by nothing gets nobody else's turn by an Idempotency-Key",
      async ({ ask, backend }) => {
        const asked = { as: null, headers: { "idempotency-key": "k-1" } };
        const messages = [{ role: "user", content: "Hi" }];
        const stateless = [
          ["/v1/chat/completions", { messages }],
          ["/v1/responses", { input: "Hi", store: false }],
        ] as const;
        for (const [path, body] of stateless) {
          const answers = [await ask("POST", path, { ...asked, body }), await ask("POST", path, { ...asked, body })];
          const [first, second] = answers.map((answer) => (answer.body as { id: string }).id);
          assert.ok(first && second && first !== second, path);
        }
        assert.equal(backend.calls.length, 4);
        const known = { ...asked.headers, cookie: `parlor_visitor=${"a".repeat(22)}` };
        for (const headers of [known, known])
          await ask("POST", "/v1/chat/completions", { as: null, headers, body: { messages } });
        assert.equal(backend.calls.length, 5);
      },
      { options: { access: "public" } },
    ),
    check(
      "T29: what stands as JSON in a text of the body is no deeper than the body may be",
      async ({ ask, backend }) => {
        const called = (json: string) => [
          { path: "/v1/chat/completions", field: "messages", list: chatCall(json) },
          { path: "/v1/responses", field: "input", list: responsesCall(json) },
        ];
        const deep = "[".repeat(100_000) + "]".repeat(100_000);
        for (const [json, code] of [
          [deep, "too_deep"],
          ['{"__proto__":{"admin":true}}', "forbidden_key"],
          ["{", "invalid_request"],
        ] as const) {
          for (const { path, field, list } of called(json)) {
            const { status, body } = await ask("POST", path, { body: { [field]: list } });
            assert.equal(status, 400, path);
            assert.equal((body as { error: { code: string } }).error.code, code);
          }
        }
        assert.equal(backend.calls.length, 0);
      },
    ),
    check("a switch that is an object is refused, whatever it says of itself", async ({ ask }) => {
      const { id } = (await ask("POST", "/api/conversations", { body: {} })).body as { id: string };
      for (const thinking_mode of [{ toString: 1 }, ["true"], "constructor", "__proto__"]) {
        const answer = await ask("POST", `/api/conversations/${id}/messages`, {
          body: { content: "Hi", thinking_mode },
        });
        assert.deepEqual(faultsOf(answer), ["thinking_mode"]);
      }
    }),
    check("every reply says that its type is meant and that other sites may not embed it", async ({ ask }) => {
      await ask("POST", "/chat", { body: hi });
      const answers = [
        await ask("GET", "/status"),
        await ask("GET", "/history/s1"),
        await ask("GET", "/history/none"),
        await ask("GET", "/api/v1/chat/stream?message=Hi&session_id=s1"),
        await ask("POST", "/chat-stream", { body: hi }),
        await ask("OPTIONS", "/chat"),
        await ask("PUT", "/chat"),
      ];
      for (const { headers } of answers) {
        assert.equal(headers.get("x-content-type-options"), "nosniff");
        assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
      }
      for (const { headers } of answers.slice(0, 3)) assert.equal(headers.get("cache-control"), "no-store");
    }),
  ],
};
