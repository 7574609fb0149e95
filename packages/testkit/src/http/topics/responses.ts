import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { collect, type ServerEvent } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";

const path = "/v1/responses";

interface Response {
  readonly id: string;
  readonly status: string;
  readonly output_text: string;
  readonly output: readonly { readonly type: string }[];
}

type Event = { readonly type: string; readonly sequence_number: number; readonly response?: Response };

/** Each numbered, and named by its type. */
function read(events: readonly ServerEvent[]): readonly Event[] {
  const all = events.map(({ event, data }) => {
    const one = JSON.parse(data) as Event;
    assert.equal(event, one.type);
    return one;
  });
  assert.deepEqual(
    all.map(({ sequence_number: number }) => number),
    all.map((_, index) => index),
  );
  return all;
}

export const responses: HttpTopic = {
  name: "responses",
  cases: [
    check(
      "the same Idempotency-Key gives the same response, in the session that it began",
      async ({ ask, backend }) => {
        const asked = { headers: { "idempotency-key": "k-1" } };
        const first = await ask("POST", path, { ...asked, body: { input: "One" } });
        const again = await ask("POST", path, { ...asked, body: { input: "One" } });
        assert.equal(again.status, 200, again.text);
        assert.equal((again.body as Response).id, (first.body as Response).id);
        assert.equal(backend.calls.length, 1);
        for (const other of [{ input: "Two" }, { input: "One", metadata: { session_id: "s1" } }]) {
          const { status, body } = await ask("POST", path, { ...asked, body: other });
          assert.equal(status, 400);
          assert.partialDeepStrictEqual(body, { error: { code: "idempotency_mismatch" } });
        }
      },
    ),
    check(
      "going on with a response, sent again with its Idempotency-Key, is done once",
      async ({ ask, backend, engine }) => {
        const { id } = (await ask("POST", path, { body: { input: "One" } })).body as Response;
        const asked = (body: object) =>
          ask("POST", path, { body: { previous_response_id: id, ...body }, headers: { "idempotency-key": "k" } });
        const all = await Promise.all([asked({ input: "Two" }), asked({ input: "Two" })]);
        const again = await asked({ input: "Two" });
        for (const { status, text, body } of [...all, again]) {
          assert.equal(status, 200, text);
          assert.equal((body as Response).id, (again.body as Response).id);
        }
        assert.equal(backend.calls.length, 2);
        for (const other of [{ input: "Three" }, { input: "Two", previous_response_id: (again.body as Response).id }])
          assert.partialDeepStrictEqual(await asked(other), {
            status: 400,
            body: { error: { code: "idempotency_mismatch" } },
          });
        // What is refused is not kept from being asked anew.
        const stale = { body: { input: "Four", previous_response_id: id }, headers: { "idempotency-key": "k2" } };
        for (let time = 0; time < 2; time += 1)
          assert.partialDeepStrictEqual(await ask("POST", path, stale), {
            status: 400,
            body: { error: { code: "invalid_request", param: "previous_response_id" } },
          });
        // Of two who would go on with it at once, one can.
        const { id: newest } = again.body as Response;
        const both = await Promise.all(
          ["Five", "Six"].map((input) => ask("POST", path, { body: { input, previous_response_id: newest } })),
        );
        assert.deepEqual(
          both.map(({ status }) => status).toSorted((one, other) => one - other),
          [200, 400],
        );
        assert.equal((await engine.sessions.list("ada")).items.length, 1);
      },
    ),
    check("a response is stored, and gone on with by its id", async ({ ask, backend, engine }) => {
      const first = await ask("POST", path, { body: { input: "One", instructions: "Be brief." } });
      assert.equal(first.status, 200, first.text);
      const { id, ...rest } = first.body as Response;
      assert.match(id, /^resp_[0-9a-f-]{36}\.[0-9a-f-]{36}$/);
      assert.partialDeepStrictEqual(rest, {
        object: "response",
        status: "completed",
        output: [
          { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello there, friend" }] },
        ],
        output_text: "Hello there, friend",
        store: true,
        usage: { input_tokens: 10, output_tokens: 3, total_tokens: 13 },
      });
      const next = await ask("POST", path, { body: { input: "Two", previous_response_id: id } });
      assert.deepEqual(
        backend.calls[1]?.request.messages.map(({ parts }) => parts[0] && "text" in parts[0] && parts[0].text),
        ["One", "Hello there, friend", "Two"],
      );
      assert.equal((await engine.sessions.list("ada")).items.length, 1);
      const stale = await ask("POST", path, { body: { input: "Three", previous_response_id: id } });
      assert.equal(stale.status, 400);
      assert.ok(stale.text.includes((next.body as Response).id), "it names the newest");
      const foreign = await ask("POST", path, { as: "eve", body: { input: "x", previous_response_id: id } });
      assert.equal(foreign.status, 404);
      for (const unknown of ["resp_a.b", "nonsense"]) {
        assert.equal((await ask("POST", path, { body: { input: "x", previous_response_id: unknown } })).status, 404);
      }
    }),
    check("store: false, or a history of one's own, is stateless", async ({ ask, backend, engine }) => {
      const { body } = await ask("POST", path, { body: { input: "One", store: false } });
      assert.partialDeepStrictEqual(body, { store: false });
      const input = [
        { role: "developer", content: "Be kind." },
        { role: "user", content: [{ type: "input_text", text: "One" }] },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "1" }] },
        { type: "reasoning", summary: [] },
        { type: "function_call", call_id: "c1", name: "weather", arguments: '{"city":"Oslo"}' },
        { type: "function_call_output", call_id: "c1", output: "12" },
      ];
      assert.equal((await ask("POST", path, { body: { input } })).status, 200);
      assert.deepEqual(
        backend.calls[1]?.request.messages.map(({ role, parts }) => [role, parts.map(({ type }) => type)]),
        [
          ["system", ["text"]],
          ["user", ["text"]],
          ["assistant", ["text", "tool-call"]],
          ["tool", ["tool-result"]],
        ],
      );
      assert.deepEqual((await engine.sessions.list("ada")).items, []);
    }),
    check(
      "a stream of events, item by item",
      async ({ events, ask }) => {
        const body = { input: "Hi", stream: true };
        const all = await collect(events("POST", path, { body }));
        const read_ = read(all);
        assert.deepEqual(
          read_.map(({ type }) => type.replace("response.", "")),
          [
            "created",
            "in_progress",
            "output_item.added",
            "reasoning_text.delta",
            "reasoning_text.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "completed",
          ],
        );
        const last = read_.at(-1)?.response;
        assert.deepEqual([last?.status, last?.output_text], ["completed", "Well then"]);
        assert.deepEqual(
          last?.output.map(({ type }) => type),
          ["reasoning", "message"],
        );
        // A reader that comes back gets all of it again: its events add up only from the beginning.
        const session = last.id.slice("resp_".length).split(".")[0] ?? "";
        const headers = { "last-event-id": all[5]?.id ?? "", "x-session-id": session };
        assert.deepEqual(read(await collect(events("POST", path, { body, headers }))), read_);
        const ended = { ...headers, "last-event-id": all.at(-1)?.id ?? "" };
        assert.equal((await ask("POST", path, { body, headers: ended })).status, 204);
      },
      { model: [{ type: "reasoning", text: "hm" }, ...says("Well then")] },
    ),
    check(
      "a stream in which it thinks again between two texts has an item with an id of its own for each",
      async ({ events }) => {
        const all = read(await collect(events("POST", path, { body: { input: "Hi", stream: true } })));
        const output = all.at(-1)?.response?.output as readonly { readonly type: string; readonly id: string }[];
        assert.deepEqual(
          output.map(({ type }) => type),
          ["message", "reasoning", "message"],
        );
        assert.equal(new Set(output.map(({ id }) => id)).size, 3);
      },
      {
        model: [
          { type: "text", text: "a" },
          { type: "reasoning", text: "hm" },
          { type: "text", text: "b" },
          { type: "finish", reason: "stop" },
        ],
      },
    ),
    check(
      "calls of the client's tools are items, and go on with their outputs",
      async ({ ask, events, backend }) => {
        const tools = [{ type: "function", name: "weather", parameters: { type: "object" } }];
        const body = { input: "Hi", tools };
        const { body: answer } = await ask("POST", path, { body });
        assert.partialDeepStrictEqual(answer, {
          output: [
            {
              type: "function_call",
              call_id: "c1",
              name: "weather",
              arguments: '{"city":"Oslo"}',
              status: "completed",
            },
          ],
        });
        const output = [{ type: "function_call_output", call_id: "c1", output: "12" }];
        const { id } = answer as Response;
        const all = read(
          await collect(
            events("POST", path, { body: { input: output, tools, previous_response_id: id, stream: true } }),
          ),
        );
        assert.deepEqual(
          backend.calls[1]?.request.messages.map(({ role }) => role),
          ["user", "assistant", "tool"],
        );
        const types = all.map(({ type }) => type.replace("response.", ""));
        assert.deepEqual(types.slice(2, -1), [
          "output_item.added",
          "function_call_arguments.delta",
          "function_call_arguments.done",
          "output_item.done",
        ]);
      },
      {
        info: { capabilities: ["streaming", "tools"] },
        model: [
          [
            { type: "tool-call", id: "c1", name: "weather", input: { city: "Oslo" } },
            { type: "finish", reason: "tool-calls" },
          ],
        ],
      },
    ),
    check(
      "what is cut is incomplete, what breaks has failed",
      async ({ ask, events }) => {
        const { body } = await ask("POST", path, { body: { input: "Hi" } });
        assert.partialDeepStrictEqual(body, {
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
        });
        const all = read(await collect(events("POST", path, { body: { input: "Hi", model: "breaks", stream: true } })));
        assert.partialDeepStrictEqual(all.at(-1), {
          type: "response.failed",
          response: { status: "failed", error: { code: "backend_unavailable", message: "Gone." } },
        });
        const early = await ask("POST", path, { body: { input: "Hi", model: "none" } });
        assert.partialDeepStrictEqual(early.body, { error: { code: "model_not_found" } });
      },
      {
        engine: () => ({
          backend: scriptedBackend(says("cut", "length")),
          models: {
            breaks: scriptedBackend(
              [{ type: "text", text: "Well" }, { fail: new ChatError("backend_unavailable", "Gone.") }],
              {
                info: { model: "b" },
              },
            ),
          },
        }),
      },
    ),
  ],
};
