import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { collect, type ServerEvent } from "../server-events.ts";
import { type Answer, check, type HttpTopic } from "../suite.ts";

const path = "/v1/chat/completions";
const messages = [{ role: "user", content: "Hi" }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
const capable = { info: { capabilities: ["streaming", "tools", "images", "structured-output"] } } as const;

type Chunk = {
  readonly choices: readonly { readonly delta: object; readonly finish_reason: string | null }[];
  readonly usage?: unknown;
};

function chunksOf(events: readonly ServerEvent[]): Chunk[] {
  assert.equal(events.at(-1)?.data, "[DONE]");
  return events.slice(0, -1).map(({ data }) => JSON.parse(data) as Chunk);
}

function expectError(answer: Answer, status: number, code: string, param: string | null = null): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.ok(answer.headers.get("x-request-id"));
  const { error } = answer.body as { readonly error: { readonly [field: string]: unknown } };
  assert.deepEqual(Object.keys(error).sort(), ["code", "message", "param", "type"]);
  assert.deepEqual([error["code"], error["param"]], [code, param]);
}

export const openai: HttpTopic = {
  name: "openai",
  cases: [
    check("a completion in one piece", async ({ ask }) => {
      const { status, body, headers } = await ask("POST", path, { body: { messages, model: "script-1" } });
      assert.equal(status, 200);
      assert.equal(headers.get("x-should-retry"), null);
      assert.partialDeepStrictEqual(body, {
        object: "chat.completion",
        model: "script-1",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: "Hello there, friend", refusal: null },
            finish_reason: "stop",
            logprobs: null,
          },
        ],
        usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
      });
    }),
    check("a completion in chunks", async ({ events }) => {
      const body = { messages, stream: true, stream_options: { include_usage: true } };
      const all = await collect(events("POST", path, { body }));
      const chunks = chunksOf(all);
      assert.deepEqual(
        chunks.map(({ choices, usage }) => [choices[0]?.delta, choices[0]?.finish_reason, usage === null]),
        [
          [{ role: "assistant", content: "" }, null, true],
          [{ content: "Hello" }, null, true],
          [{ content: " there," }, null, true],
          [{ content: " friend" }, null, true],
          [{}, "stop", true],
          [undefined, undefined, false],
        ],
      );
      assert.partialDeepStrictEqual(chunks.at(-1)?.usage, { total_tokens: 13 });
      const plain = chunksOf(await collect(events("POST", path, { body: { messages, stream: true } })));
      assert.deepEqual([plain.length, plain.some((chunk) => "usage" in chunk)], [5, false]);
    }),
    check("nothing is stored without a session", async ({ ask, engine }) => {
      await ask("POST", path, { body: { messages, user: "eve", store: true } });
      assert.deepEqual((await engine.sessions.list("ada")).items, []);
    }),
    check("with a session the newest messages count, and the stored history comes before them", async (site) => {
      const { ask, backend, engine } = site;
      const say = (content: string, more: object = {}) =>
        ask("POST", path, { body: { messages: [{ role: "user", content }] }, ...more });
      const first = await say("One", { headers: { "x-session-id": "s1" } });
      assert.equal(first.headers.get("x-should-retry"), "false");
      const history = [
        { role: "user", content: "not this" },
        { role: "assistant", content: "nor this" },
      ];
      const body = {
        metadata: { session_id: "s1" },
        messages: [{ role: "system", content: "Be brief." }, ...history, { role: "user", content: "Two" }],
      };
      await ask("POST", path, { body });
      assert.deepEqual(
        backend.calls[1]?.request.messages.map(({ parts }) => parts[0] && "text" in parts[0] && parts[0].text),
        ["Be brief.", "One", "Hello there, friend", "Two"],
      );
      const stored = await engine.sessions.history({ owner: "ada", id: "s1" });
      assert.equal(stored?.messages.length, 4);
      // The same session of somebody else is another one, whatever the body says of a user.
      const eves = await ask("POST", path, { as: "eve", body: { ...body, user: "ada" } });
      assert.equal(eves.status, 200);
      assert.equal((await engine.sessions.history({ owner: "eve", id: "s1" }))?.messages.length, 2);
      expectError(
        await ask("POST", path, { body: { metadata: { session_id: "a/b" }, messages } }),
        400,
        "invalid_request",
        "X-Session-Id",
      );
    }),
    check("settings and the whole prompt reach the model", async ({ ask, backend }) => {
      const body = {
        messages: [
          {
            role: "developer",
            content: [
              { type: "text", text: "Be" },
              { type: "text", text: " kind." },
            ],
          },
          ...messages,
        ],
        temperature: 0,
        top_p: 0.5,
        max_completion_tokens: 9,
        stop: "END",
        seed: 7,
        presence_penalty: -1,
        frequency_penalty: 1,
        reasoning_effort: "low",
        logit_bias: {},
      };
      assert.equal((await ask("POST", path, { body })).status, 200);
      const { request } = backend.calls[0]!;
      assert.partialDeepStrictEqual(request.settings, {
        temperature: 0,
        topP: 0.5,
        maxTokens: 9,
        stop: ["END"],
        seed: 7,
        presencePenalty: -1,
        frequencyPenalty: 1,
        effort: "low",
      });
      assert.deepEqual(request.messages[0], {
        role: "system",
        parts: [{ type: "text", text: "Be kind." }],
        tokens: request.messages[0]?.tokens,
      });
    }),
    check(
      "the client's tools are called, and their results go back",
      async ({ ask, events, backend }) => {
        const asked = await ask("POST", path, { body: { messages, tools, tool_choice: "required" } });
        assert.partialDeepStrictEqual(asked.body, {
          choices: [
            {
              message: {
                content: null,
                tool_calls: [
                  { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
                ],
              },
              finish_reason: "tool_calls",
            },
          ],
        });
        assert.deepEqual(backend.calls[0]?.request.tools, [{ name: "weather", inputSchema: { type: "object" } }]);
        assert.equal(backend.calls[0].request.toolChoice, "required");
        const chunks = chunksOf(await collect(events("POST", path, { body: { messages, tools, stream: true } })));
        assert.partialDeepStrictEqual(chunks[1]?.choices[0]?.delta, { tool_calls: [{ index: 0, id: "c1" }] });
        assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "tool_calls");
        const [{ message }] = (asked.body as { choices: [{ message: object }] }).choices;
        const result = { role: "tool", tool_call_id: "c1", content: "12" };
        await ask("POST", path, { body: { messages: [...messages, message, result], tools } });
        assert.deepEqual(
          backend.calls[2]?.request.messages.map(({ role }) => role),
          ["user", "assistant", "tool"],
        );
        assert.deepEqual(backend.calls[2].request.messages[1]?.parts, [
          { type: "tool-call", id: "c1", name: "weather", input: { city: "Oslo" } },
        ]);
        const broken = { ...message, tool_calls: [{ id: "c1", function: { name: "weather", arguments: "{" } }] };
        const refused = await ask("POST", path, { body: { messages: [...messages, broken, result] } });
        expectError(refused, 400, "invalid_request", "messages.1.tool_calls.0.function.arguments");
      },
      {
        ...capable,
        model: [
          [
            { type: "tool-call", id: "c1", name: "weather", input: { city: "Oslo" } },
            { type: "finish", reason: "tool-calls" },
          ],
        ],
      },
    ),
    check(
      "images and formats are passed on, and refused where the model cannot",
      async ({ ask, backend }) => {
        const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA" } };
        const seen = { messages: [{ role: "user", content: [{ type: "text", text: "What is it?" }, image] }] };
        const format = {
          type: "json_schema",
          json_schema: { name: "thing", schema: { type: "object" }, strict: true },
        };
        expectError(await ask("POST", path, { body: seen }), 400, "unsupported_by_model");
        expectError(
          await ask("POST", path, { body: { messages, response_format: format } }),
          400,
          "unsupported_by_model",
        );
        expectError(await ask("POST", path, { body: { messages, tools } }), 400, "unsupported_by_model");
        assert.equal(backend.calls.length, 0);
        const body = { ...seen, model: "capable", response_format: format };
        assert.equal((await ask("POST", path, { body })).status, 200);
      },
      {
        engine: () => ({ models: { capable: scriptedBackend(says("{}"), { info: { ...capable.info, model: "c" } }) } }),
      },
    ),
    check("errors have the protocol's shape and statuses", async ({ ask, url, engine }) => {
      expectError(await ask("POST", path, { body: { messages, model: "gpt-none" } }), 404, "model_not_found");
      expectError(await ask("POST", path, { body: { messages, n: 2 } }), 400, "invalid_request", "n");
      expectError(await ask("POST", path, { body: { messages, n: 0 } }), 400, "invalid_request", "n");
      expectError(await ask("POST", path, { body: { messages: [] } }), 400, "invalid_request", "messages");
      expectError(await ask("POST", path, { as: null, body: { messages } }), 401, "invalid_api_key");
      expectError(await ask("DELETE", path), 405, "method_not_allowed");
      const headers = { authorization: "Bearer ada", "content-type": "application/json" };
      const broken = await fetch(url + path, { method: "POST", headers, body: "{" });
      assert.partialDeepStrictEqual(await broken.json(), {
        error: { code: "invalid_json", type: "invalid_request_error" },
      });
      await engine.close({ drainMs: 0 });
      const closed = await ask("POST", path, { body: { messages } });
      expectError(closed, 503, "draining");
      assert.equal(closed.headers.get("retry-after"), "1");
    }),
    check(
      "a failure before the first word is a status, one after it an event without [DONE]",
      async ({ ask, events }) => {
        const early = await ask("POST", path, { body: { messages, stream: true } });
        expectError(early, 502, "backend_auth");
        assert.equal(early.headers.get("x-should-retry"), "false");
        const late = await collect(events("POST", path, { body: { messages, stream: true, model: "late" } }));
        const { error } = JSON.parse(late.at(-1)?.data ?? "") as { error: { code: string; message: string } };
        assert.deepEqual([error.code, error.message], ["backend_unavailable", "Gone."]);
      },
      {
        engine: () => ({
          backend: scriptedBackend([{ fail: new ChatError("backend_auth", "No.") }]),
          models: {
            late: scriptedBackend(
              [{ type: "text", text: "Well" }, { fail: new ChatError("backend_unavailable", "Gone.") }],
              {
                info: { model: "l" },
              },
            ),
          },
        }),
      },
    ),
    check("a stream resumes from any of its places", async ({ events, ask }) => {
      const body = { messages, stream: true };
      const all = await collect(events("POST", path, { body }));
      for (const [index, { id }] of all.entries()) {
        // The last chunk before [DONE] has no place of its own.
        if (id === all[index - 1]?.id || data(all[index]) === "[DONE]") continue;
        const rest = await collect(events("POST", path, { body, headers: { "last-event-id": id } }));
        const missed = id.endsWith(":0") ? all : all.slice(index + 1);
        assert.deepEqual(rest.map(data), missed.map(data), `after ${id}`);
      }
      const end = await ask("POST", path, { body, headers: { "last-event-id": all.at(-1)?.id ?? "" } });
      assert.equal(end.status, 204);
      expectError(
        await ask("POST", path, { as: "eve", body, headers: { "last-event-id": all[1]?.id ?? "" } }),
        404,
        "not_found",
      );
    }),
    check(
      "models are listed by tag",
      async ({ ask }) => {
        const { body } = await ask("GET", "/v1/models");
        const model = { object: "model", created: 0, owned_by: "scripted" };
        assert.deepEqual(body, {
          object: "list",
          data: [
            { id: "script-1", ...model },
            { id: "some/one", ...model },
          ],
        });
        for (const name of ["some/one", "some%2Fone"]) {
          assert.deepEqual((await ask("GET", `/v1/models/${name}`)).body, { id: "some/one", ...model });
        }
        expectError(await ask("GET", "/v1/models/none"), 404, "model_not_found");
      },
      { engine: () => ({ models: { "some/one": scriptedBackend(says("hi"), { info: { model: "one" } }) } }) },
    ),
  ],
};

const data = (event: ServerEvent | undefined) => event?.data;
