import assert from "node:assert/strict";
import { createChatEngine, type PromptMessage, tool, type ToolSpec } from "@parlor/core";
import { says } from "../stage.ts";
import { type BackendCase, type BackendTopic, check, type Outcome } from "../suite.ts";

const weather: ToolSpec = {
  name: "weather",
  description: "The weather of a city",
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const time: ToolSpec = { name: "time", inputSchema: { type: "object", properties: {} } };
const tools = [weather, time];

const callsIn = ({ events }: Outcome): unknown[] =>
  events.flatMap((event) => (event.type === "tool-call" ? [{ name: event.name, input: event.input }] : []));

const withTools = (name: string, run: BackendCase["run"], needs: BackendCase["needs"] = []): BackendCase =>
  check(name, run, { needs: ["tools", ...needs] });

const cologne = { id: "call_1", name: "weather", fragments: ['{"ci', 'ty":"Kö', 'ln"}'] };

export { toolsTopic as tools };
const toolsTopic: BackendTopic = {
  name: "tools",
  cases: [
    withTools("are told of, with their schemas", async ({ ask, asked }) => {
      await ask({ request: { tools } });
      assert.deepEqual((await asked()).tools, tools);
    }),

    withTools("may be chosen freely, not at all or at any rate", async ({ ask, asked }) => {
      await ask({ request: { tools } });
      assert.ok([undefined, "auto"].includes((await asked(0)).toolChoice as string | undefined));
      await ask({ request: { tools, toolChoice: "none" } });
      const none = await asked(1);
      assert.ok(none.toolChoice === "none" || none.tools === undefined, "no tool is to be called");
      await ask({ request: { tools, toolChoice: "required" } });
      assert.equal((await asked(2)).toolChoice, "required");
    }),

    withTools(
      "may be chosen by name",
      async ({ ask, asked }) => {
        await ask({ request: { tools, toolChoice: { tool: "time" } } });
        assert.deepEqual((await asked()).toolChoice, { tool: "time" });
      },
      ["forced-tool"],
    ),

    withTools("are called with input put together from its fragments", async ({ ask, fake }) => {
      fake.next({ answer: { said: [{ text: "Let me see" }, { call: cologne }] }, wire: { perWrite: 1 } });
      const outcome = await ask({ request: { tools } });
      assert.deepEqual([outcome.text, outcome.finish], ["Let me see", "tool-calls"]);
      assert.deepEqual(callsIn(outcome), [{ name: "weather", input: { city: "Köln" } }]);
    }),

    withTools("may be called several at once, each with an id of its own", async ({ ask, fake }) => {
      const again = { id: "call_2", name: "weather", fragments: ['{"city":"Bonn"}'] };
      const now = { id: "call_3", name: "time", fragments: [] };
      fake.next({ answer: { said: [{ call: cologne }, { call: again }, { call: now }] } });
      const outcome = await ask({ request: { tools } });
      assert.deepEqual(callsIn(outcome), [
        { name: "weather", input: { city: "Köln" } },
        { name: "weather", input: { city: "Bonn" } },
        { name: "time", input: {} },
      ]);
      const ids = outcome.events.flatMap((event) => (event.type === "tool-call" ? [event.id] : []));
      assert.equal(new Set(ids).size, 3);
      assert.ok(ids.every((id) => id !== ""));
    }),

    withTools("are not called when the answer breaks off", async ({ ask, fake }) => {
      fake.next({
        answer: { said: [{ call: cologne }] },
        records: ({ records, whole }) => records.slice(0, whole),
      });
      const outcome = await ask({ request: { tools } });
      assert.equal(outcome.error?.code, "upstream_truncated");
      assert.equal(outcome.finish, undefined);
    }),

    withTools("give their results back under the call's id", async ({ ask, fake, asked }) => {
      fake.next({ answer: { said: [{ text: "One moment." }, { call: cologne }] } });
      const { events } = await ask({ request: { tools } });
      const calls = events.flatMap((event) => (event.type === "tool-call" ? [event] : []));
      const results: PromptMessage = {
        role: "tool",
        parts: calls.map(({ id }) => ({ type: "tool-result", id, output: { sky: "clear", degrees: 21 } })),
      };
      const called: PromptMessage = { role: "assistant", parts: [{ type: "text", text: "One moment." }, ...calls] };
      await ask({ request: { tools, messages: [says("How is it?"), called, results] } });
      const id = calls[0]?.id ?? "";
      assert.deepEqual((await asked(1)).messages, [
        { role: "user", text: "How is it?" },
        { role: "assistant", text: "One moment.", calls: [{ id, name: "weather", input: { city: "Köln" } }] },
        { role: "tool", text: "", results: [{ id, output: { sky: "clear", degrees: 21 } }] },
      ]);
    }),

    withTools(
      "run in a turn of the engine, which asks again with what they gave",
      async ({ backend, fake, asked, soon }) => {
        fake.next({ answer: { said: [{ text: "One moment. " }, { call: cologne }] } });
        const skies: string[] = [];
        const weatherTool = tool({
          description: "The weather of a city",
          input: {
            "~standard": { validate: (value) => ({ value }), jsonSchema: { input: () => weather.inputSchema } },
          },
          run: (input) => {
            skies.push(JSON.stringify(input));
            return { sky: "clear" };
          },
        });
        const engine = createChatEngine({ backend, tools: { weather: weatherTool } });
        try {
          const turn = engine.send({ owner: "ada", session: "s", message: "How is it?" });
          const reply = await soon(turn, "the end of the turn");
          assert.equal(reply.text, "One moment. Hello there");
          assert.deepEqual(skies, ['{"city":"Köln"}']);
        } finally {
          await engine.close({ drainMs: 0 });
        }
        const [question, called, result] = (await asked(1)).messages;
        assert.equal(question?.text, "How is it?");
        assert.deepEqual(
          called?.calls?.map(({ name, input }) => ({ name, input })),
          [{ name: "weather", input: { city: "Köln" } }],
        );
        assert.deepEqual(result?.results, [{ id: called?.calls?.[0]?.id, output: { sky: "clear" } }]);
      },
    ),

    withTools("are not told of where a call brings none", async ({ ask, asked }) => {
      await ask();
      assert.equal((await asked()).tools, undefined);
    }),
  ],
};
