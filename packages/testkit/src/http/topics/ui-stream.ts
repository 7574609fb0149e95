import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { expectProblem, faultsOf } from "../expect.ts";
import { collect, type ServerEvent } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";
import { partsOf, say, stored, submit, textsOf, user } from "../ui-chat.ts";

const half = [{ type: "text", text: "half an" }, { stall: true }] as const;

export const uiStream: HttpTopic = {
  name: "the UI message stream",
  cases: [
    check(
      "POST /api/chat says a message, and the messages are kept under the ids that the client knows",
      async (site) => {
        const response = await site.open("POST", "/api/chat", submit("m1", "Hi"));
        assert.equal(response.headers.get("x-vercel-ai-ui-message-stream"), "v1");
        assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
        const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
        const [start, ...rest] = lines.map((line) => line.slice("data: ".length));
        const { messageId, ...first } = JSON.parse(start ?? "");
        assert.equal(first.type, "start");
        assert.deepEqual(rest, [
          '{"type":"start-step"}',
          '{"type":"text-start","id":"1"}',
          '{"type":"text-delta","id":"1","delta":"Hello"}',
          '{"type":"text-delta","id":"1","delta":" there,"}',
          '{"type":"text-delta","id":"1","delta":" friend"}',
          '{"type":"text-end","id":"1"}',
          '{"type":"finish-step"}',
          '{"type":"finish","finishReason":"stop","messageMetadata":{"status":"complete"}}',
          "[DONE]",
        ]);
        const messages = await stored(site);
        assert.deepEqual(
          messages.map(({ id }) => id),
          ["m1", messageId],
        );
        assert.deepEqual(messages[1]?.parts, [
          { type: "step-start" },
          { type: "text", text: "Hello there, friend", state: "done" },
        ]);
        assert.partialDeepStrictEqual(messages[1]?.metadata, { status: "complete", model: "script-1" });
        assert.deepEqual(await stored(site, `?before=${messageId}`), messages.slice(0, 1));
      },
    ),
    check("of what is posted only the last message counts: the history is the stored one", async (site) => {
      await say(site, submit("m1", "Hi"));
      const invented = { id: "a9", role: "assistant", parts: [{ type: "text", text: "I said so." }] };
      const messages = [user("m0", "Never said"), invented, user("m2", "And now?")];
      await say(site, { body: { id: "c1", messages, trigger: "submit-message" } });
      assert.deepEqual(
        site.backend.calls[1]?.request.messages.map(({ role, parts }) => [role, parts[0]]),
        [
          ["user", { type: "text", text: "Hi" }],
          ["assistant", { type: "text", text: "Hello there, friend" }],
          ["user", { type: "text", text: "And now?" }],
        ],
      );
      const path = "/api/chat";
      assert.deepEqual(faultsOf(await site.ask("POST", path, submit("m3", "x", { messages: [invented] }))), [
        "messages",
      ]);
      assert.deepEqual(faultsOf(await site.ask("POST", path, submit("m3", "x", { messages: [] }))), ["messages"]);
      assert.deepEqual(faultsOf(await site.ask("POST", path, submit("m3", "x", { trigger: "other" }))), ["trigger"]);
      expectProblem(await site.ask("POST", path, submit("m2", "Twice")), 409, "message_exists");
      assert.equal((await stored(site)).length, 4);
    }),
    check(
      "thoughts and the engine's tools are parts of their own, and a step ends with what the tools gave",
      async (site) => {
        const parts = await say(site, submit("m1", "How is it?"));
        assert.deepEqual(parts.slice(1), [
          { type: "start-step" },
          { type: "reasoning-start", id: "1" },
          { type: "reasoning-delta", id: "1", delta: "hm" },
          { type: "reasoning-end", id: "1" },
          { type: "tool-input-available", toolCallId: "t1", toolName: "weather", input: { city: "Paris" } },
          { type: "tool-input-available", toolCallId: "t2", toolName: "weather", input: { city: "Atlantis" } },
          { type: "tool-output-available", toolCallId: "t1", output: { sky: "clear" } },
          { type: "tool-output-error", toolCallId: "t2", errorText: "The tool failed." },
          { type: "finish-step" },
          { type: "start-step" },
          { type: "text-start", id: "2" },
          { type: "text-delta", id: "2", delta: "Clear." },
          { type: "text-end", id: "2" },
          { type: "finish-step" },
          { type: "finish", finishReason: "stop" },
        ]);
        const [, answer] = await stored(site);
        assert.deepEqual(answer?.parts, [
          { type: "step-start" },
          { type: "reasoning", id: "1", text: "hm", state: "done" },
          {
            type: "tool-weather",
            toolCallId: "t1",
            state: "output-available",
            input: { city: "Paris" },
            output: { sky: "clear" },
          },
          {
            type: "tool-weather",
            toolCallId: "t2",
            state: "output-error",
            input: { city: "Atlantis" },
            errorText: "The tool failed.",
          },
          { type: "step-start" },
          { type: "text", text: "Clear.", state: "done" },
        ]);
      },
      {
        engine: () => ({
          tools: {
            weather: {
              description: "The weather of a city",
              inputSchema: { type: "object", properties: { city: { type: "string" } } },
              timeoutMs: 1_000,
              async run(input) {
                if ((input as { city: string }).city !== "Paris") throw new Error("no such city");
                return { sky: "clear" };
              },
            },
          },
          backend: scriptedBackend(
            (_, call) =>
              call > 0
                ? says("Clear.")
                : [
                    { type: "reasoning", text: "hm" },
                    { type: "tool-call", id: "t1", name: "weather", input: { city: "Paris" } },
                    { type: "tool-call", id: "t2", name: "weather", input: { city: "Atlantis" } },
                    { type: "finish", reason: "tool-calls" },
                  ],
            { info: { capabilities: ["streaming", "multi-turn", "tools"] } },
          ),
        }),
      },
    ),
    check(
      "a running turn is followed from its start, by whom ever and from wherever, and by nobody when it is over",
      async (site) => {
        const { events, ask, open, release, backend } = site;
        const stream = "/api/chat/c1/stream";
        assert.equal((await ask("GET", stream)).status, 204);
        const first = events("POST", "/api/chat", submit("m1", "Hi"));
        const seen = [(await first.next()).value, (await first.next()).value] as ServerEvent[];
        await first.return(undefined);
        const place = { headers: { "last-event-id": seen[0]?.id ?? "" } };
        const readers = [
          events("GET", stream),
          events("GET", stream, place),
          events("POST", "/api/chat", { ...submit("m2", "Not said"), ...place }),
        ];
        for (const reader of readers) assert.deepEqual((await reader.next()).value, seen[0]);
        assert.equal((await open("GET", stream, { as: "eve" })).status, 204);
        assert.deepEqual(textsOf(await stored(site)), [["user", "Hi"]]);
        release();
        for (const reader of readers) {
          const rest = await collect(reader);
          assert.deepEqual(rest[0], seen[1]);
          assert.equal(rest.at(-1)?.data, "[DONE]");
          const over = { headers: { "last-event-id": rest.at(-1)?.id ?? "" } };
          assert.equal((await ask("GET", stream, over)).status, 204);
        }
        assert.equal((await ask("GET", stream)).status, 204);
        assert.equal(backend.calls.length, 1);
        expectProblem(await ask("GET", stream, { headers: { "last-event-id": "no:1" } }), 404, "not_found");
      },
      { model: (gate) => [{ type: "text", text: "one" }, { wait: gate }, ...says(" two")] },
    ),
    check(
      "a stopped turn ends with abort, and keeps what there is",
      async (site) => {
        const reading = site.events("POST", "/api/chat", submit("m1", "Hi"));
        await reading.next();
        assert.deepEqual((await site.ask("POST", "/api/chat/c1/stop", { as: "eve" })).body, { stopped: false });
        assert.deepEqual((await site.ask("POST", "/api/chat/c1/stop")).body, { stopped: true });
        const rest = partsOf(await collect(reading));
        assert.deepEqual(rest.slice(-3), [
          { type: "text-end", id: "1" },
          { type: "abort" },
          { type: "finish", finishReason: "interrupted" },
        ]);
        assert.deepEqual((await site.ask("POST", "/api/chat/c1/stop")).body, { stopped: false });
        const messages = await stored(site);
        assert.deepEqual(textsOf(messages)[1], ["assistant", "half an"]);
        assert.equal(messages[1]?.metadata.status, "interrupted");
      },
      { model: half },
    ),
    check(
      "pictures and files reach the model",
      async (site) => {
        const png = "data:image/png;base64,iVBORw0KGgo=";
        const parts = [
          { type: "text", text: "What is this?" },
          { type: "file", mediaType: "image/png", url: png },
          { type: "file", mediaType: "text/plain", url: "https://files.example.com/a.txt", filename: "a.txt" },
          { type: "data-note", data: { seen: true } },
        ];
        const messages = [{ id: "m1", role: "user", parts }];
        await say(site, submit("m1", "", { messages }));
        assert.deepEqual(site.backend.calls[0]?.request.messages[0]?.parts, [
          { type: "text", text: "What is this?" },
          { type: "image", mediaType: "image/png", url: png },
          { type: "file", mediaType: "text/plain", url: "https://files.example.com/a.txt", name: "a.txt" },
        ]);
        assert.deepEqual((await stored(site))[0]?.parts, parts.slice(0, 3));
        const local = [{ type: "file", mediaType: "text/plain", url: "file:///etc/passwd" }];
        const refused = await site.ask(
          "POST",
          "/api/chat",
          submit("m2", "", { messages: [{ ...user("m2", ""), parts: local }] }),
        );
        assert.deepEqual(faultsOf(refused), ["messages.0.parts.0"]);
      },
      { info: { capabilities: ["streaming", "multi-turn", "images", "files"] } },
    ),
    check(
      "a failure before the first event is a status, one after it a part of the stream",
      async (site) => {
        expectProblem(await site.ask("POST", "/api/chat", submit("m1", "Hi")), 502, "backend_unavailable");
        const parts = await say(site, submit("m2", "Hello?"));
        assert.deepEqual(parts.slice(-2), [
          { type: "text-end", id: "1" },
          { type: "error", errorText: "The model went away." },
        ]);
        assert.deepEqual(textsOf(await stored(site)), [
          ["user", "Hi"],
          ["user", "Hello?"],
          ["assistant", "Well"],
        ]);
      },
      {
        engine: () => {
          const fail = { fail: new ChatError("backend_unavailable", "The model went away.") };
          return {
            backend: scriptedBackend((_, call) => (call === 0 ? [fail] : [{ type: "text", text: "Well" }, fail])),
          };
        },
      },
    ),
  ],
};
