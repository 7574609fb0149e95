import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, key, pass, readAll, settle, texts, world } from "./harness.ts";

test("close admits nothing, lets turns finish, and closes backend and storage", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine, backend, storage } = world([{ type: "text", text: "a" }, { wait: gate.promise }, ...says(" b")]);
  const turn = await engine.start({ ...ada, message: "Hi" });
  const waiting = engine.send({ ...ada, message: "next" }).catch((error: unknown) => error);
  await settle();
  const closed: string[] = [];
  storage.sessions.close = async () => void closed.push("sessions");
  expect(engine.closing.aborted).toBe(false);
  const closing = engine.close();
  expect(engine.closing.aborted).toBe(true);
  expect(await waiting).toMatchObject({ code: "draining", status: 503 });
  await expect(engine.start({ ...ada, message: "no" })).rejects.toMatchObject({ code: "draining" });
  expect((await engine.health()).state).toBe("draining");
  gate.resolve();
  await closing;
  expect((await turn.reply()).text).toBe("a b");
  expect(backend.closed).toBe(true);
  expect(closed).toEqual(["sessions"]);
  await engine.close();
});

test("what is not done in time is interrupted cleanly and kept", async () => {
  const { engine, clock, storage } = world([{ type: "text", text: "half" }, { stall: true }]);
  const turn = await engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  const closing = engine.close({ drainMs: 3_000 });
  await pass(clock, 3_250);
  await closing;
  expect((await readAll(turn)).at(-1)).toMatchObject({
    type: "end",
    status: "interrupted",
    error: { code: "draining" },
  });
  const messages = await storage.sessions.messages(key, { limit: 9 });
  expect(messages?.[1]).toMatchObject({
    status: "interrupted",
    parts: [{ text: "half" }],
    meta: { error: "draining" },
  });
});

test("health asks backend and stores, and does not wait for ever", async () => {
  const { engine, storage } = world(says("x"), {}, { health: { healthy: false, detail: "no key" } });
  storage.turns.ping = () => Promise.reject(new Error("down"));
  expect(await engine.health()).toMatchObject({
    state: "ready",
    backend: { healthy: false, detail: "no key" },
    stores: { sessions: { healthy: true, name: "memory", durability: "none" }, turns: { healthy: false } },
    liveTurns: 0,
  });
});
