import { expect, test } from "vitest";
import { ChatError, type TurnEvent } from "../../src/index.ts";
import { says } from "../../src/testing/index.ts";
import { ada, key, pass, settle, texts, world } from "./harness.ts";

const lost = () => new ChatError("store_unavailable", "The answer of the store got lost.");

test("a turn and the deletion of its session do not harm each other, whichever comes first", async () => {
  for (const action of ["delete", "clear"] as const) {
    const { engine, storage } = world(says("all right"));
    const both = await Promise.allSettled([engine.send({ ...ada, message: "Hi" }), engine.sessions[action](key)]);
    const [sent, done] = both;
    expect(done.status).toBe("fulfilled");
    // It came before and was stopped, or it comes after and is a new conversation.
    const outcome = sent.status === "fulfilled" ? sent.value.outcome.status : (sent.reason as ChatError).code;
    expect(["complete", "interrupted", "turn_stopped"]).toContain(outcome);
    const messages = (await storage.sessions.messages(key, { limit: 9 })) ?? [];
    expect(messages.filter((message) => message.status === "streaming")).toEqual([]);
    expect(await storage.turns.live(key)).toBeUndefined();
    expect((await engine.send({ ...ada, message: "Again" })).text).toBe("all right");
  }
});

test("deleting on one node stops the turn of another and waits for it", async () => {
  const one = world([{ type: "text", text: "so far" }, { stall: true }]);
  const two = one.node();
  const turn = await one.engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  const deleted = two.engine.sessions.delete(key);
  await pass(one.clock, 1_000, 50);
  expect(await deleted).toBe(true);
  expect((await turn.reply()).outcome.status).toBe("interrupted");
  expect(await one.engine.sessions.get(key)).toBeUndefined();
});

test("erasing an owner leaves nothing, also of what waits or is on its way", async () => {
  const { engine, storage } = world((_, call) => (call === 0 ? [{ stall: true }] : says("late")));
  await engine.start({ ...ada, message: "running" });
  const waiting = engine.send({ ...ada, message: "waiting" }).catch((error: unknown) => error);
  await settle();
  const coming = engine.send({ owner: "ada", session: "s2", message: "coming" }).catch((error: unknown) => error);
  await engine.sessions.deleteOwner("ada");
  expect(await waiting).toMatchObject({ code: "turn_stopped" });
  expect(await coming).toMatchObject({ code: "turn_in_progress" });
  expect(await storage.sessions.stats("ada")).toMatchObject({ sessions: 0, messages: 0 });
  expect((await engine.send({ ...ada, message: "new" })).text).toBe("late");
});

test("a claim whose reply got lost leaves the idempotency key free once its lease has run out", async () => {
  const { engine, storage, clock, backend } = world(says("answered"));
  const claim = storage.turns.claim.bind(storage.turns);
  storage.turns.claim = async (...args) => {
    storage.turns.claim = claim;
    await claim(...args);
    throw lost();
  };
  const call = { ...ada, message: "pay once", idempotencyKey: "k" };
  await expect(engine.send(call)).rejects.toMatchObject({ code: "store_unavailable" });
  await engine.send({ owner: "bob", session: "s1", message: "keeps the reaper going" });
  await pass(clock, 14_000);
  expect((await engine.send(call)).text).toBe("answered");
  expect(backend.calls).toHaveLength(2);
});

test("an open whose reply got lost is asked again, and stores its message once", async () => {
  const { engine, storage } = world(says("ok"));
  const open = storage.sessions.open.bind(storage.sessions);
  storage.sessions.open = async (...args) => {
    storage.sessions.open = open;
    await open(...args);
    throw lost();
  };
  expect((await engine.send({ ...ada, message: "pay once", messageId: "m1" })).text).toBe("ok");
  expect((await engine.sessions.history(key))?.messages.map((m) => m.status)).toEqual(["complete", "complete"]);
});

test("an open that may have stored its message does not give the key away", async () => {
  const { engine, storage, clock } = world(says("ok"));
  const open = storage.sessions.open.bind(storage.sessions);
  storage.sessions.open = async (...args) => {
    await open(...args);
    throw lost();
  };
  const call = { ...ada, message: "pay once", idempotencyKey: "k" };
  await expect(engine.send(call)).rejects.toMatchObject({ code: "store_unavailable" });
  storage.sessions.open = open;
  await pass(clock, 14_000);
  await expect(engine.send(call)).rejects.toMatchObject({ code: "lease_lost" });
  expect((await engine.sessions.history(key))?.messages.map((m) => m.status)).toEqual(["complete", "interrupted"]);
});

test("limits that fail refuse the turn and leave its session and its key free", async () => {
  const { engine, storage } = world(says("ok"), { limits: { requests: [{ limit: 9, windowMs: 1_000 }] } });
  const consume = storage.limits.consume.bind(storage.limits);
  storage.limits.consume = () => Promise.reject(new Error("broken"));
  const call = { ...ada, message: "Hi", idempotencyKey: "k" };
  await expect(engine.send(call)).rejects.toThrow("broken");
  storage.limits.consume = consume;
  expect((await engine.send({ ...call, onBusy: "reject" })).text).toBe("ok");
  expect((await engine.sessions.history(key))?.messages).toHaveLength(2);
});

test("close refuses who has no claim yet, and ends in time", async () => {
  const count = Promise.withResolvers<number>();
  const { engine, backend, clock } = world([{ stall: true }]);
  const running = await engine.start({ ...ada, message: "running" });
  backend.countTokens = () => count.promise;
  const late = engine.start({ ...ada, message: "late" }).catch((error: unknown) => error);
  await settle();
  const closing = engine.close({ drainMs: 1_000 });
  await pass(clock, 1_250);
  count.resolve(1);
  await Promise.all([closing, engine.close()]);
  expect(await late).toMatchObject({ code: "draining" });
  await expect(running.reply()).rejects.toMatchObject({ code: "draining" });
  expect(backend.closed).toBe(true);
  expect(backend.calls).toHaveLength(1);
});

test("readers that throw in onError, or subscribe while a batch goes round, get and do no harm", async () => {
  const one = world(says("one two"));
  const turn = await one.engine.start({ ...ada, message: "Hi" });
  const inner: number[] = [];
  turn.subscribe(0, {
    onBatch: (events) => {
      if (events[0]?.offset === 1)
        turn.subscribe(0, { onBatch: (more) => void inner.push(...more.map((event) => event.offset)) });
    },
  });
  await turn.reply();
  expect(inner).toEqual([1, 2, 3]);

  const gone = world([{ stall: true }]);
  const dying = await gone.engine.start({ ...ada, message: "Hi" });
  dying.subscribe(0, {
    onBatch: () => {},
    onError: () => {
      throw new Error("mine");
    },
  });
  const reply = dying.reply().catch((error: unknown) => error);
  await gone.storage.turns.forget("ada");
  await pass(gone.clock, 3_250);
  expect(await reply).toMatchObject({ code: "lease_lost" });
});

test("an id that a message has already is refused before the model is asked", async () => {
  const { engine, backend } = world(says("ok"));
  await engine.send({ ...ada, message: "first", messageId: "m1" });
  await expect(engine.send({ ...ada, message: "second", messageId: "m1" })).rejects.toMatchObject({
    code: "message_exists",
  });
  expect(backend.calls).toHaveLength(1);
  expect((await engine.sessions.history(key))?.messages).toHaveLength(2);
});

test("a retry finds its running turn however many wait", async () => {
  for (const policy of ["queue", "reject"] as const) {
    const { engine } = world((_, call) => (call === 0 ? [{ stall: true }] : says("x")), { busy: { policy } });
    const call = { ...ada, message: "Hi", idempotencyKey: "k" };
    const turn = await engine.start(call);
    const waiting = engine.send({ ...ada, message: "2", onBusy: "queue" }).catch(() => {});
    await settle();
    expect((await engine.start(call)).id).toBe(turn.id);
    await engine.stop(key);
    await waiting;
  }
});

test("iterating a turn that fails throws after its end", async () => {
  const { engine } = world([
    { type: "text", text: "half" },
    { fail: new ChatError("backend_auth", "The key is not valid.") },
  ]);
  const seen: TurnEvent["type"][] = [];
  const reading = (async () => {
    for await (const event of engine.stream({ ...ada, message: "Hi" })) seen.push(event.type);
  })();
  await expect(reading).rejects.toMatchObject({ code: "backend_auth" });
  expect(seen).toEqual(["text", "end"]);
});

test("a system prompt that leaves no room is refused before a session keeps it", async () => {
  const { engine } = world(says("ok"), {}, { info: { contextWindow: 100, defaults: {} } });
  const init = { systemPrompt: "x".repeat(400) };
  await expect(engine.send({ ...ada, message: "Hi", init })).rejects.toThrow(/system prompt do not fit/);
  expect(await engine.sessions.get(key)).toBeUndefined();
  expect((await engine.send({ ...ada, message: "Hi" })).text).toBe("ok");
});

test("options that would switch a limit off are refused by name", () => {
  const faults: [Parameters<typeof world>[1], string][] = [
    [{ limits: { requests: [{ limit: Number.NaN, windowMs: 1 }] } }, "limits.requests[0].limit"],
    [{ limits: { tokens: [{ limit: 1, windowMs: Number.NaN }] } }, "limits.tokens[0].windowMs"],
    [{ limits: { concurrentTurns: Number.NaN } }, "limits.concurrentTurns"],
    [{ busy: { maxWaiting: Number.NaN } }, "busy.maxWaiting"],
    [{ busy: { policy: "wait" as "queue" } }, "busy.policy"],
    [{ settings: { temperature: 99 } }, "settings.temperature"],
    [{ lease: { ms: 1_000, renewMs: 900 } }, "lease.renewMs"],
    [{ detachedMs: 0 }, "detachedMs"],
  ];
  for (const [options, path] of faults)
    expect(() => world(says("x"), options)).toThrow(`createChatEngine: ${path} must`);
});

test("erasing an owner waits for turns that other nodes have begun, and lets none begin", async () => {
  const one = world((_, call) => (call === 0 ? [{ text: "so far", type: "text" }, { stall: true }] : says("anew")));
  const { engine, clock, storage } = one;
  const other = one.node().engine;
  // One that answers, and one that has its claim and nothing else yet.
  const running = await other.start({ ...ada, message: "running" });
  await texts(running, 1);
  const open = storage.sessions.open.bind(storage.sessions);
  const opening = Promise.withResolvers<void>();
  storage.sessions.open = async (...args) => {
    await opening.promise;
    return open(...args);
  };
  const beginning = other.send({ owner: "ada", session: "s2", message: "beginning" });
  await settle();

  const erased = engine.sessions.deleteOwner("ada");
  await settle();
  const late = other.send({ owner: "ada", session: "s3", message: "late" });
  await expect(late).rejects.toMatchObject({ code: "turn_in_progress" });
  opening.resolve();
  await pass(clock, 2_000, 50);
  expect(await erased).toBe(2);
  expect((await running.reply()).outcome.status).toBe("interrupted");
  expect((await beginning).outcome.status).toBe("interrupted");
  expect(await storage.sessions.stats("ada")).toMatchObject({ sessions: 0, messages: 0 });
  expect((await other.send({ ...ada, message: "new" })).text).toBe("anew");
});

test("a turn of a node that died does not keep its owner from being erased", async () => {
  const one = world([{ type: "text", text: "so far" }, { stall: true }]);
  const dead = one.node({ clock: { ...one.clock, every: () => () => {} } }).engine;
  await texts(await dead.start({ ...ada, message: "Hi" }), 1);
  const erased = one.engine.sessions.deleteOwner("ada");
  await pass(one.clock, 15_000);
  expect(await erased).toBe(1);
  expect(await one.storage.turns.live(key)).toBeUndefined();
});

test("two nodes that erase an owner at once cut no turn that begins when the first one is done", async () => {
  const one = world([{ text: "so far", type: "text" }, { stall: true }]);
  const { engine, clock, storage } = one;
  const other = one.node().engine;
  // The second node's last step takes its time.
  const deleteOwner = storage.sessions.deleteOwner.bind(storage.sessions);
  const deleting = Promise.withResolvers<void>();
  storage.sessions.deleteOwner = async (owner) => {
    storage.sessions.deleteOwner = deleteOwner;
    await deleting.promise;
    return deleteOwner(owner);
  };
  const slow = other.sessions.deleteOwner("ada");
  await settle();
  await engine.sessions.deleteOwner("ada");
  const turn = await engine.start({ ...ada, message: "between" });
  await texts(turn, 1);
  deleting.resolve();
  await pass(clock, 2_000, 50);
  await slow;
  expect((await turn.reply()).outcome.status).toBe("interrupted");
  expect(await storage.sessions.stats("ada")).toMatchObject({ sessions: 0, messages: 0 });
});
