import { expect, test } from "vitest";
import { createChatEngine, memory } from "../../src/index.ts";
import { manualClock, says, scriptedBackend } from "../../src/testing/index.ts";
import { ada, key, pass, settle, texts, world } from "./harness.ts";

const model = (name: string, contextWindow = 100_000) =>
  scriptedBackend(says(`from ${name}`), { info: { model: name, contextWindow } });

test("a turn is answered by the model it names, its session names, or that is current, in this order", async () => {
  const { engine } = world(says("from script-1"), { models: { small: model("s"), large: model("l") } });
  expect(engine.models.list().map(({ tag }) => tag)).toEqual(["script-1", "small", "large"]);
  expect(engine.models.current).toBe("script-1");

  expect(await engine.send({ ...ada, message: "a" })).toMatchObject({ text: "from script-1", model: "script-1" });
  expect(await engine.send({ ...ada, message: "b", model: "small" })).toMatchObject({ text: "from s", model: "small" });
  await engine.sessions.update(key, { model: "large" });
  expect(await engine.send({ ...ada, message: "c" })).toMatchObject({ text: "from l", model: "large" });
  await engine.models.swap("small");
  expect(await engine.send({ ...ada, message: "d" })).toMatchObject({ text: "from l" });
  expect(await engine.send({ owner: "ada", message: "e" })).toMatchObject({ text: "from s" });
  expect(engine.info.model).toBe("s");
  const history = await engine.sessions.history(key);
  expect(history?.messages.flatMap(({ meta }) => meta?.model ?? [])).toEqual(["script-1", "small", "large", "large"]);
});

test("a model that is not there is refused before anything is stored; a session outlives its model", async () => {
  const { engine } = world(says("hi"), { models: { small: model("s") } });
  await expect(engine.send({ ...ada, message: "a", model: "other" })).rejects.toMatchObject({ code: "unknown_model" });
  await expect(engine.models.swap("other")).rejects.toMatchObject({ code: "unknown_model", status: 404 });
  expect(await engine.sessions.get(key)).toBeUndefined();
  await engine.sessions.create(key, { model: "retired" });
  expect((await engine.send({ ...ada, message: "a" })).text).toBe("hi");
});

test("a swap reaches nodes that are told, nodes that are not within 5 s, and those that start later", async () => {
  const clock = manualClock();
  const storage = memory({ clock });
  const deaf = { ...storage, bus: { ...storage.bus, subscribe: async () => () => {} } };
  const node = (on = storage) =>
    createChatEngine({ clock, storage: on, backend: model("first"), models: { second: model("second") } });
  const [one, two, three] = [node(), node(), node(deaf)];
  for (const engine of [one, two, three]) await engine.send({ owner: "ada", session: "warm", message: "a" });
  await one.models.swap("second");
  await settle();
  expect([one, two, three].map((engine) => engine.models.current)).toEqual(["second", "second", "first"]);
  await pass(clock, 5_000);
  expect(three.models.current).toBe("second");
  expect(await node().send({ owner: "ada", message: "a" })).toMatchObject({ text: "from second" });
});

test("a running turn finishes on its model", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine } = world([{ type: "text", text: "one" }, { wait: gate.promise }, ...says(" two")], {
    models: { small: model("s") },
  });
  const turn = await engine.start({ ...ada, message: "a" });
  await texts(turn, 1);
  await engine.models.swap("small");
  gate.resolve();
  expect(await turn.reply()).toMatchObject({ text: "one two", model: "script-1" });
});

test("each model has its own context, settings and deadlines", async () => {
  const tiny = scriptedBackend([{ stall: true }], {
    info: { model: "tiny", contextWindow: 40, defaults: { maxTokens: 10 }, deadlines: { firstTokenMs: 2_000 } },
  });
  const { engine, clock } = world(says("hi"), { models: { tiny } });
  const long = "word ".repeat(60);
  expect((await engine.send({ ...ada, message: long })).text).toBe("hi");
  await expect(engine.send({ ...ada, message: long, model: "tiny" })).rejects.toMatchObject({
    code: "context_too_long",
  });
  const turn = await engine.start({ owner: "ada", message: "short", model: "tiny" });
  const [failure] = await Promise.all([turn.reply().catch((error: unknown) => error), pass(clock, 2_500)]);
  expect(failure).toMatchObject({ code: "backend_timeout" });
  expect(tiny.calls[0]?.request.settings).toEqual({ maxTokens: 10 });
});

test("closing the engine closes every model once; tags that cannot be are refused at once", async () => {
  const small = model("s");
  const { engine, backend } = world(says("hi"), { models: { small, again: small } });
  await engine.close();
  expect([backend.closed, small.closed]).toEqual([true, true]);
  expect(() => world(says("hi"), { models: { "script-1": small } })).toThrow(
    /models\.script-1 is the tag of `backend`/,
  );
  expect(() => world(says("hi"), { models: { "": small } })).toThrow(/1 to 100 characters/);
});
