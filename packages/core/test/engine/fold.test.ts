import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, key, pass, readAll, settle, texts, world } from "./harness.ts";

const half = [{ type: "text", text: "half" }, { stall: true }] as const;

/** A node that dies: its timers stop, and nothing it does reaches the store any more. */
async function dyingNode() {
  const one = world((request) =>
    JSON.stringify(request.messages.at(-1)).includes("again") ? says("later") : [...half],
  );
  const errors: unknown[] = [];
  const dead = { ...one.clock, every: () => () => {} };
  const node = one.node({ clock: dead, onError: (error) => errors.push(error) });
  const turn = await node.engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  return { ...one, turn, node };
}

test("the next turn on another node finds the lease run out, folds the log and goes on", async () => {
  const { engine, clock } = await dyingNode();
  await pass(clock, 10_250);
  expect((await engine.send({ ...ada, message: "say it again" })).text).toBe("later");
  const history = await engine.sessions.history(key);
  expect(history?.messages[1]).toMatchObject({
    status: "interrupted",
    parts: [{ text: "half" }],
    meta: { error: "lease_lost" },
  });
});

test("a history read folds a dead turn, and leaves a live one alone", async () => {
  const { engine, clock } = await dyingNode();
  expect((await engine.sessions.history(key))?.messages[1]?.status).toBe("streaming");
  await pass(clock, 10_250);
  const history = await engine.sessions.history(key);
  expect(history?.messages[1]).toMatchObject({ status: "interrupted", parts: [{ text: "half" }] });
  expect(history?.session.messageCount).toBe(2);
});

test("a reader on another node gets a terminal event soon after the lease", async () => {
  const { engine, clock, turn } = await dyingNode();
  const reading = readAll(await engine.turn(key, turn.id));
  await pass(clock, 14_000);
  expect((await reading).at(-1)).toMatchObject({ type: "end", status: "interrupted", error: { code: "lease_lost" } });
});

test("a node that has work of its own folds what others left behind, unasked", async () => {
  const { engine, clock, storage } = await dyingNode();
  await engine.send({ owner: "bob", session: "s1", message: "say it again" });
  await pass(clock, 14_000);
  expect((await storage.sessions.messages(key, { limit: 9 }))?.[1]).toMatchObject({
    status: "interrupted",
    parts: [{ text: "half" }],
  });
  await engine.close();
});

test("the zombie writes nothing once it is taken over, and its own readers are told", async () => {
  const gate = Promise.withResolvers<void>();
  const one = world([{ type: "text", text: "a" }, { wait: gate.promise }, ...says(" zombie")]);
  const asleep = { ...one.clock, every: () => () => {} };
  const zombie = one.node({ clock: asleep }).engine;
  const turn = await zombie.start({ ...ada, message: "Hi" });
  const reading = readAll(turn);
  reading.catch(() => {});
  await pass(one.clock, 10_250);
  await one.engine.sessions.history(key);
  gate.resolve();
  await expect(reading).rejects.toMatchObject({ code: "lease_lost" });
  await settle();
  expect((await one.engine.sessions.history(key))?.messages[1]?.parts).toEqual([{ type: "text", text: "a" }]);
});

test("a turn that ended but could not settle is settled by whoever meets it next", async () => {
  const { engine, storage } = world((_, call) => says(`answer ${call}`));
  const settleOne = storage.sessions.settle.bind(storage.sessions);
  storage.sessions.settle = () => Promise.reject(new Error("store hiccup"));
  expect((await engine.send({ ...ada, message: "one" })).text).toBe("answer 0");
  storage.sessions.settle = settleOne;
  expect((await engine.sessions.history(key))?.messages[1]).toMatchObject({
    status: "complete",
    parts: [{ text: "answer 0" }],
    meta: { usage: { outputTokens: 2 } },
  });

  storage.sessions.settle = () => Promise.reject(new Error("store hiccup"));
  await engine.send({ ...ada, message: "two" });
  storage.sessions.settle = settleOne;
  await engine.send({ ...ada, message: "three" });
  const history = await engine.sessions.history(key);
  expect(history?.messages.map((m) => m.status)).toEqual(Array.from({ length: 6 }, () => "complete"));
});

test("folding twice, or by two at once, changes nothing more", async () => {
  const { engine, clock, node } = await dyingNode();
  await pass(clock, 10_250);
  await Promise.all([
    engine.sessions.history(key),
    engine.sessions.history(key),
    node.engine.storage.turns.expired(10),
  ]);
  const once = await engine.sessions.history(key);
  expect(await engine.sessions.history(key)).toEqual(once);
  expect(await engine.storage.turns.expired(10)).toEqual([]);
});

test("a streaming message whose turn nobody knows is made final", async () => {
  const { engine, storage } = await dyingNode();
  await storage.turns.forget("ada");
  expect((await engine.sessions.history(key))?.messages[1]?.status).toBe("interrupted");
});

test("the next turn makes final what a turn store that lost its turns left streaming, and looks for it only then", async () => {
  const { engine, storage } = await dyingNode();
  await storage.turns.forget("ada");
  const messages = storage.sessions.messages.bind(storage.sessions);
  let reads = 0;
  storage.sessions.messages = (...args) => {
    reads += 1;
    return messages(...args);
  };
  await engine.send({ ...ada, message: "say it again" });
  const statuses = (await messages(key, { limit: 9 }))?.map(({ status }) => status);
  expect(statuses).toEqual(["complete", "interrupted", "complete", "complete"]);
  expect(reads).toBe(1);
  await engine.send({ ...ada, message: "say it again" });
  expect(reads).toBe(1);
});

test("what a session store lost of an answer comes back from the log before the next prompt", async () => {
  const { engine, storage, backend } = world((_, call) => says(`answer ${call}`));
  const settleOne = storage.sessions.settle.bind(storage.sessions);
  storage.sessions.settle = async () => true;
  await engine.send({ ...ada, message: "one" });
  storage.sessions.settle = settleOne;
  await engine.send({ ...ada, message: "two" });
  const texts = backend.calls[1]?.request.messages.map(({ parts }) => parts.map((part) => "text" in part && part.text));
  expect(texts).toEqual([["one"], ["answer 0"], ["two"]]);
});
