import assert from "node:assert/strict";
import { createChatEngine, type PromptMessage, tool, type ToolSpec } from "@parlor/core";
import { says } from "../stage.ts";
import type { Outcome } from "../suite.ts";
import { checkLocal, type LocalCase, type LocalTopic } from "./suite.ts";

const cities = ["Bonn", "Köln"];
const weather: ToolSpec = {
  name: "weather",
  description: "The weather of a city",
  inputSchema: { type: "object", properties: { city: { enum: cities } }, required: ["city"] },
};
const zone: ToolSpec = { name: "zone", inputSchema: { type: "object", properties: {} } };
const tools = [weather, zone];

/** Calls, and speaks once it has what the tool gave. */
const caller = { text: "Let me look. ", calls: "weather", answers: { clear: "Blue sky over the city." } };

const withTools = (name: string, run: LocalCase["run"]): LocalCase => checkLocal(name, run, ["tools"]);

const callsIn = ({ events }: Outcome) => events.flatMap((event) => (event.type === "tool-call" ? [event] : []));

function assertWeather(call: { readonly name: string; readonly input: unknown } | undefined): void {
  assert.equal(call?.name, "weather");
  const { city, ...more } = call.input as { readonly city: string };
  assert.ok(cities.includes(city), `${city} is not in the schema`);
  assert.deepEqual(more, {});
}

export { toolsTopic as tools };
const toolsTopic: LocalTopic = {
  name: "tools",
  cases: [
    withTools("are called with input that the schema allows, under an id", async ({ make, ask }) => {
      const outcome = await ask(await make(caller), { request: { tools } });
      const [call, ...more] = callsIn(outcome);
      assertWeather(call);
      assert.ok(call?.id);
      assert.deepEqual([outcome.text.trim(), outcome.finish, more], ["Let me look.", "tool-calls", []]);
    }),

    withTools("are not called where the choice is none", async ({ make, ask }) => {
      const outcome = await ask(await make(caller), { request: { tools, toolChoice: "none" } });
      assert.deepEqual([callsIn(outcome), outcome.finish], [[], "stop"]);
    }),

    withTools("are called where one must be, and the one that is named", async ({ make, ask }) => {
      const backend = await make({ text: "I would rather talk." });
      const any = await ask(backend, { request: { tools: [weather], toolChoice: "required" } });
      assertWeather(callsIn(any)[0]);
      const named = await ask(backend, { request: { tools, toolChoice: { tool: "zone" } } });
      assert.deepEqual(
        callsIn(named).map(({ name, input }) => ({ name, input })),
        [{ name: "zone", input: {} }],
      );
      assert.deepEqual([any.text, any.finish, named.finish], ["", "tool-calls", "tool-calls"]);
    }),

    withTools("give their results to the model", async ({ make, ask }) => {
      const call = { type: "tool-call", id: "call_1", name: "weather", input: { city: "Köln" } } as const;
      const result = { type: "tool-result", id: "call_1", output: { sky: "clear" } } as const;
      const messages: readonly PromptMessage[] = [
        says("How is it?"),
        { role: "assistant", parts: [call] },
        { role: "tool", parts: [result] },
      ];
      const { text, finish } = await ask(await make(caller), { request: { tools, messages } });
      assert.deepEqual([text, finish], [caller.answers.clear, "stop"]);
    }),

    withTools("run in a turn of the engine, which asks again with what they gave", async ({ make, soon }) => {
      const inputs: unknown[] = [];
      const look = tool({
        description: "The weather of a city",
        input: { "~standard": { validate: (value) => ({ value }), jsonSchema: { input: () => weather.inputSchema } } },
        run: (input) => {
          inputs.push(input);
          return { sky: "clear" };
        },
      });
      const engine = createChatEngine({ backend: await make(caller), tools: { weather: look } });
      try {
        const reply = await soon(engine.send({ owner: "ada", session: "s", message: "How is it?" }), "the turn");
        assert.ok(reply.text.endsWith(caller.answers.clear), reply.text);
        assert.equal(inputs.length, 1);
        assertWeather({ name: "weather", input: inputs[0] });
      } finally {
        await engine.close({ drainMs: 0 });
      }
    }),
  ],
};
