import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, key, pass, readAll, settle, textOf, texts, world } from "./harness.ts";

const endless = [{ type: "text", text: "so far" }, { stall: true }] as const;

test("a stop keeps what there is, aborts the backend, and resumes to the same text", async () => {
  const { engine, backend } = world(endless);
  const turn = await engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  expect(await engine.stop(key)).toBe(true);
  expect(backend.calls[0]?.signal.aborted).toBe(true);
  await backend.calls[0]?.left;
  const history = await engine.sessions.history(key);
  expect(history?.messages[1]).toMatchObject({
    status: "interrupted",
    parts: [{ text: "so far" }],
    meta: { usage: { estimated: true } },
  });
  const events = await readAll(await engine.turn(key, turn.id));
  expect(textOf(events)).toBe("so far");
  expect(events.at(-1)).toMatchObject({ type: "end", status: "interrupted" });
  expect(await engine.stop(key)).toBe(false);
});

test("a backend that throws when it is stopped has not failed", async () => {
  const errors: unknown[] = [];
  const { engine, backend } = world([], { onError: (error) => errors.push(error) });
  const thrown = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  backend.generate = async function* (_request, signal) {
    yield [{ type: "text", text: "so far" }];
    called.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    thrown.resolve();
    throw signal.reason;
  };
  const turn = await engine.start({ ...ada, message: "Hi" });
  await called.promise;
  await turn.stop();
  await thrown.promise;
  await settle();
  expect(errors).toEqual([]);
  expect((await engine.sessions.history(key))?.messages[1]).toMatchObject({ status: "interrupted" });
});

test("a stop before the first token", async () => {
  const { engine, backend } = world([{ stall: true }]);
  const turn = await engine.start({ ...ada, message: "Hi" });
  await backend.called();
  await turn.stop();
  expect(await readAll(turn)).toMatchObject([{ type: "end", status: "interrupted", offset: 1 }]);
  expect((await engine.sessions.history(key))?.messages).toMatchObject([
    { role: "user" },
    { status: "interrupted", parts: [] },
  ]);
});

test("a stop right after the claim, before the model is asked", async () => {
  const { engine, backend, storage } = world(says("never"));
  const open = storage.sessions.open.bind(storage.sessions);
  const opening = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  storage.sessions.open = async (...args) => {
    opening.resolve();
    await goOn.promise;
    return open(...args);
  };
  const started = engine.start({ ...ada, message: "Hi" });
  await opening.promise;
  const stopped = engine.stop(key);
  await settle();
  goOn.resolve();
  await started;
  expect(await stopped).toBe(true);
  expect(backend.calls).toHaveLength(0);
  expect((await engine.sessions.history(key))?.messages[1]).toMatchObject({ status: "interrupted" });
});

test("a stop ends those who wait as well; their messages are not stored", async () => {
  const { engine } = world(endless);
  const turn = await engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  const waiting = engine.send({ ...ada, message: "next" }).catch((error: unknown) => error);
  await settle();
  await engine.stop(key);
  expect(await waiting).toMatchObject({ code: "turn_stopped" });
  expect((await engine.sessions.history(key))?.messages).toHaveLength(2);
});

test("from another node, by the bus", async () => {
  const one = world(endless);
  const two = one.node();
  const turn = await one.engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  const stopped = two.engine.stop(key);
  expect((await turn.reply()).outcome.status).toBe("interrupted");
  await pass(one.clock, 250);
  expect(await stopped).toBe(true);
});

test("from another node, when the bus loses the message", async () => {
  const one = world(endless);
  one.storage.bus.publish = async () => {};
  const two = one.node();
  const turn = await one.engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  const stopped = two.engine.stop(key);
  await pass(one.clock, 3_250);
  expect(await stopped).toBe(true);
  expect((await turn.reply()).outcome.status).toBe("interrupted");
});

test("a backend that ignores its signal does not hold the turn", async () => {
  const { engine } = world([{ type: "text", text: "a" }, { wait: new Promise(() => {}) }], {}, { ignoreSignal: true });
  const turn = await engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  await turn.stop();
  expect((await turn.reply()).text).toBe("a");
});

test("deleting or clearing a session stops its turn first", async () => {
  for (const action of ["delete", "clear"] as const) {
    const { engine } = world(endless);
    const turn = await engine.start({ ...ada, message: "Hi" });
    await texts(turn, 1);
    await engine.sessions[action](key);
    expect((await turn.reply()).outcome.status).toBe("interrupted");
    expect((await engine.sessions.get(key))?.messageCount).toBe(action === "delete" ? undefined : 0);
  }
});
