import { expect, test, vi } from "vitest";
import { z } from "zod";
import { type BackendEvent, createChatEngine, tool, ToolError } from "../../src/index.ts";
import { says, scriptedBackend } from "../../src/testing/index.ts";
import { ada, key, pass, readAll, settle, texts, world } from "./harness.ts";

const capable = { info: { capabilities: ["streaming", "tools", "structured-output"] } } as const;
const calls = (...named: readonly (readonly [id: string, name: string, input: unknown])[]): readonly BackendEvent[] => [
  ...named.map(([id, name, input]) => ({ type: "tool-call" as const, id, name, input })),
  { type: "usage", usage: { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4 } },
  { type: "finish", reason: "tool-calls" },
];
type Run = (input: { readonly city: string }) => unknown;
const weather = (run: Run) =>
  tool({ description: "The weather of a city", input: z.object({ city: z.string() }), run });

test("the model's calls are run, their results stored and streamed, and the model asked again with them", async () => {
  const run = vi.fn<Run>(({ city }) => ({ celsius: city.length }));
  const { engine, backend } = world(
    (_, call) =>
      call === 0
        ? [
            [
              { type: "text", text: "Let me look. " },
              ...calls(["a", "weather", { city: "Oslo" }], ["b", "weather", { city: "Rome" }]),
            ],
          ]
        : says("Both 4."),
    { tools: { weather: weather(run) } },
    capable,
  );
  const turn = await engine.start({ ...ada, message: "How warm?" });
  const events = await readAll(turn);
  expect(events.map(({ type }) => type)).toEqual([
    "text",
    "tool-call",
    "tool-call",
    "tool-result",
    "tool-result",
    "text",
    "text",
    "end",
  ]);
  expect(events.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const reply = await turn.reply();
  expect(reply.text).toBe("Let me look. Both 4.");
  expect(reply.outcome).toMatchObject({
    finishReason: "stop",
    usage: { inputTokens: 20, outputTokens: 7, cachedInputTokens: 4 },
  });
  expect(backend.calls[0]?.request.tools).toMatchObject([
    { name: "weather", inputSchema: { type: "object", required: ["city"] } },
  ]);
  expect(backend.calls[1]?.request.messages).toMatchObject([
    { role: "user" },
    { role: "assistant", parts: [{ type: "text" }, { type: "tool-call", id: "a" }, { type: "tool-call", id: "b" }] },
    {
      role: "tool",
      parts: [
        { id: "a", output: { celsius: 4 } },
        { id: "b", output: { celsius: 4 } },
      ],
    },
  ]);
  // The next turn's prompt has the same, out of one stored answer.
  await engine.send({ ...ada, message: "Thanks" });
  expect(backend.calls[2]?.request.messages.map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "tool",
    "assistant",
    "user",
  ]);
  const history = await engine.sessions.history(key);
  expect(history?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
  expect(history?.messages[1]?.parts).toEqual(reply.parts);
});

test("what goes wrong with a tool is told to the model, and no more of it than a tool says on purpose", async () => {
  const errors: unknown[] = [];
  const { engine, backend, clock } = world(
    (_, call) =>
      call > 0
        ? says("I see.")
        : [
            calls(
              ["a", "weather", { town: "Oslo" }],
              ["b", "weather", { city: "secret" }],
              ["c", "weather", { city: "known" }],
              ["d", "unheard-of", {}],
              ["e", "weather", { city: "slow" }],
              ["f", "weather", { city: "odd" }],
              ["g", "weather", { city: "big" }],
            ),
          ],
    {
      onError: (error) => errors.push(error),
      tools: {
        weather: weather(({ city }) => {
          if (city === "secret") throw new Error("password 1234");
          if (city === "known") throw new ToolError("The station is closed.");
          if (city === "slow") return new Promise(() => {});
          return city === "odd" ? 1n : city === "big" ? "x".repeat(300_000) : 1;
        }),
      },
    },
    capable,
  );
  const turn = await engine.start({ ...ada, message: "How warm?" });
  await settle();
  await pass(clock, 30_000, 5_000);
  expect((await turn.reply()).text).toBe("I see.");
  const told = backend.calls[1]?.request.messages.at(-1)?.parts ?? [];
  const output = (id: string) => told.find((part) => "id" in part && part.id === id);
  expect(output("a")).toMatchObject({ isError: true, output: expect.stringMatching(/breaks the schema\. city: /) });
  expect(output("b")).toMatchObject({ isError: true, output: "The tool failed." });
  expect(output("c")).toMatchObject({ isError: true, output: "The station is closed." });
  expect(output("d")).toMatchObject({ isError: true, output: "There is no tool of this name." });
  expect(output("e")).toMatchObject({ isError: true, output: "The tool gave nothing within 30000 ms." });
  expect(output("f")).toMatchObject({ isError: true, output: "The tool failed." });
  expect(output("g")).toMatchObject({ isError: true, output: "The tool gave more than 262144 characters." });
  expect(errors.map(String)).toEqual(["Error: password 1234", expect.stringMatching(/BigInt/)]);
});

test("steps are limited: in the last one the model is told to call nothing, and is not obeyed if it does", async () => {
  const run = vi.fn<() => number>(() => 1);
  const { engine, backend } = world(
    [calls(["same", "weather", { city: "Oslo" }])],
    { tools: { weather: weather(run) }, maxToolSteps: 2 },
    capable,
  );
  const reply = await engine.send({ ...ada, message: "How warm?", toolChoice: "required" });
  expect(reply.outcome.finishReason).toBe("tool-calls");
  expect(backend.calls.map(({ request }) => request.toolChoice)).toEqual(["required", undefined, "none"]);
  expect(run).toHaveBeenCalledTimes(2);
  // Ids that come again are told apart; what nobody answered gets a result that says so.
  const ids = reply.parts.map((part) => ("id" in part ? part.id : part.type));
  expect(ids).toEqual(["same", "same", "same-2", "same-2", "same-3"]);
  await engine.send({ ...ada, message: "Well?" });
  expect(backend.calls[3]?.request.messages.at(-2)).toMatchObject({
    role: "tool",
    parts: [{ id: "same-3", isError: true, output: "There is no result of this call." }],
  });
});

test("a stop reaches the tool, and the turn does not wait for one that ignores it", async () => {
  const started = Promise.withResolvers<AbortSignal>();
  const { engine, backend } = world(
    [calls(["a", "forever", {}])],
    {
      tools: {
        forever: tool({
          description: "Never ends",
          input: z.object({}),
          run: (_, { signal }) => (started.resolve(signal), new Promise(() => {})),
        }),
      },
    },
    capable,
  );
  const turn = await engine.start({ ...ada, message: "Go" });
  const signal = await started.promise;
  await turn.stop();
  expect(signal.aborted).toBe(true);
  expect(backend.calls).toHaveLength(1);
  const [, answer] = (await engine.sessions.history(key))?.messages ?? [];
  expect(answer).toMatchObject({ status: "interrupted", parts: [{ type: "tool-call", id: "a" }] });
});

test("a call is in the log before its tool acts: who folds a dead turn finds it, and nobody runs it again", async () => {
  const acted = Promise.withResolvers<void>();
  const run = vi.fn<() => unknown>(() => (acted.resolve(), new Promise(() => {})));
  const options = { tools: { weather: weather(run) } };
  const one = world(
    (request) =>
      JSON.stringify(request).includes("again") ? says("later") : [calls(["a", "weather", { city: "Oslo" }])],
    options,
    capable,
  );
  const dying = one.node({ clock: { ...one.clock, every: () => () => {} } });
  await dying.engine.start({ ...ada, message: "How warm?" });
  await acted.promise;
  await pass(one.clock, 10_250);
  expect((await one.engine.send({ ...ada, message: "Say it again" })).text).toBe("later");
  expect(run).toHaveBeenCalledTimes(1);
  expect(one.backend.calls[0]?.request.messages.slice(1, 3)).toMatchObject([
    { role: "assistant", parts: [{ type: "tool-call", id: "a" }] },
    { role: "tool", parts: [{ id: "a", isError: true }] },
  ]);
});

test("tools of whoever asks end the turn with their call; the engine's beside them are run", async () => {
  const run = vi.fn<() => number>(() => 7);
  const mine = { name: "open_door", inputSchema: { type: "object" } } as const;
  const { engine, backend } = world(
    (_, call) => (call === 0 ? [calls(["a", "open_door", {}], ["b", "weather", { city: "Oslo" }])] : says("Done.")),
    { tools: { weather: weather(run) } },
    capable,
  );
  const reply = await engine.send({ ...ada, message: "Open", tools: [mine] });
  expect(reply.outcome.finishReason).toBe("tool-calls");
  expect(backend.calls[0]?.request.tools?.map(({ name }) => name)).toEqual(["weather", "open_door"]);
  expect(reply.parts.map(({ type }) => type)).toEqual(["tool-call", "tool-call", "tool-result"]);
  await engine.send({
    ...ada,
    messages: [{ role: "tool", parts: [{ type: "tool-result", id: "a", output: "open" }] }],
  });
  const roles = backend.calls[1]?.request.messages.map(({ role }) => role);
  expect(roles).toEqual(["user", "assistant", "tool", "tool"]);
});

test("a model that cannot is not asked: at once for the engine's tools, per turn for the others", async () => {
  const tools = { weather: weather(() => 1) };
  const plain = scriptedBackend(says("hi"));
  expect(() => createChatEngine({ backend: plain, tools })).toThrow(/cannot be used by the model script-1/);
  expect(() =>
    createChatEngine({ backend: scriptedBackend(says("hi"), capable), tools: { "no way": tools.weather } }),
  ).toThrow(/needs a name/);
  const engine = createChatEngine({ backend: plain });
  const refused = async (input: object, code: string) =>
    expect(await engine.send({ ...ada, message: "hi", ...input }).catch((error: unknown) => error)).toMatchObject({
      code,
    });
  await refused({ tools: [{ name: "a", inputSchema: {} }] }, "unsupported_by_model");
  await refused({ responseFormat: { type: "json" } }, "unsupported_by_model");
  await refused({ message: [{ type: "image", url: "data:image/png;base64,AA" }] }, "unsupported_by_model");
  await refused({ tools: [{ name: "a b", inputSchema: {} }] }, "invalid_request");
  expect(await engine.sessions.get(key)).toBeUndefined();
});

test("a later step has the first-token deadline of its own, and waiting for a tool is not the model's silence", async () => {
  const { engine, clock } = world(
    (_, call) => (call === 0 ? [calls(["a", "wait", {}])] : [{ stall: true }]),
    {
      deadlines: { firstTokenMs: 5_000, idleMs: 1_000 },
      tools: {
        wait: tool({
          description: "Waits",
          input: z.object({}),
          run: () => new Promise((resolve) => clock.after(8_000, () => resolve("late"))),
        }),
      },
    },
    capable,
  );
  const turn = await engine.start({ ...ada, message: "Go" });
  const results = new Promise<void>((resolve) => {
    turn.subscribe(0, { onBatch: (events) => void (events.some(({ type }) => type === "tool-result") && resolve()) });
  });
  await settle();
  await Promise.all([results, pass(clock, 8_000)]);
  await pass(clock, 4_000);
  expect(await engine.live(key)).toBeDefined();
  const [failure] = await Promise.all([turn.reply().catch((error: unknown) => error), pass(clock, 2_000)]);
  expect(failure).toMatchObject({ code: "backend_timeout" });
});

test("a structured answer is asked for as it is given, and costs are told where prices are known", async () => {
  const prices = { input: 1, output: 4, cachedInput: 0.5, asOf: "2026-01-01" };
  const { engine, backend } = world(
    [[{ type: "text", text: "{}" }, ...calls().slice(0, 1), { type: "finish", reason: "stop" }]],
    {},
    { info: { ...capable.info, prices } },
  );
  const responseFormat = { type: "json-schema", name: "answer", schema: { type: "object" } } as const;
  const reply = await engine.send({ ...ada, message: "Go", responseFormat });
  expect(backend.calls[0]?.request.responseFormat).toEqual(responseFormat);
  expect(reply.outcome.usage?.cost).toBeCloseTo((6 * 1 + 4 * 0.5 + 5 * 4) / 1e6, 12);
  await texts(await engine.start({ ...ada, message: "Go" }), 1);
});

test("what a model is told of tools takes its room in the prompt: more of the history is left out", async () => {
  const info = { ...capable.info, contextWindow: 200 };
  const told = [{ name: "open_door", description: "d".repeat(200), inputSchema: { type: "object" } }];
  const { engine, backend } = world(says("ok"), {}, { info });
  for (const word of ["a", "b", "c"]) await engine.send({ ...ada, message: word.repeat(150) });
  await engine.send({ ...ada, message: "d" });
  await engine.send({ ...ada, message: "e", tools: told });
  await engine.send({ ...ada, message: "f" });
  expect(backend.calls.slice(-3).map(({ request }) => request.messages.length)).toEqual([5, 3, 9]);
  const tooMany = [{ ...told[0], name: "a", description: "d".repeat(800), inputSchema: {} }];
  await expect(engine.send({ ...ada, message: "g", tools: tooMany })).rejects.toMatchObject({
    code: "context_too_long",
  });
});

test("what the tools take of the context is counted once a turn, however often the model is asked", async () => {
  const { engine, backend } = world(
    (_, call) => (call < 3 ? [calls([`c${call}`, "weather", { city: "Oslo" }])] : says("Cold.")),
    { tools: { weather: weather(() => "cold") } },
    capable,
  );
  const count = vi.spyOn(backend, "countTokens");
  expect((await engine.send({ ...ada, message: "How cold?" })).text).toBe("Cold.");
  expect(backend.calls).toHaveLength(4);
  const ofTools = count.mock.calls.filter(([[message]]) => JSON.stringify(message).includes("The weather of a city"));
  expect(ofTools).toHaveLength(1);
});
