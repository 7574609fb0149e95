import { expect, test, vi } from "vitest";
import { says, type Step } from "../../src/testing/index.ts";
import { ada, key, pass, settle, world } from "./harness.ts";

const gated = (gate: Promise<unknown>): Step[] => [{ type: "text", text: "first" }, { wait: gate }, ...says(" done")];

test("a second turn waits for the first, in order, and history is linear", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine, backend } = world((_, call) => (call === 0 ? gated(gate.promise) : says(`answer ${call}`)));
  const first = await engine.start({ ...ada, message: "1" });
  const others = ["2", "3", "4"].map((message) => engine.send({ ...ada, message }));
  await settle();
  expect(backend.calls).toHaveLength(1);
  gate.resolve();
  await first.reply();
  await Promise.all(others);
  const history = await engine.sessions.history(key);
  expect(history?.messages.map((m) => m.parts[0])).toMatchObject(
    ["1", "first done", "2", "answer 1", "3", "answer 2", "4", "answer 3"].map((text) => ({ text })),
  );
});

test("reject refuses at once, before anything is stored", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine } = world((_, call) => (call === 0 ? gated(gate.promise) : says("x")), { busy: { policy: "reject" } });
  const first = await engine.start({ ...ada, message: "1" });
  await expect(engine.start({ ...ada, message: "2" })).rejects.toMatchObject({ code: "turn_in_progress", status: 409 });
  gate.resolve();
  await first.reply();
  expect((await engine.sessions.history(key))?.messages).toHaveLength(2);
  await engine.send({ ...ada, message: "3" });
});

test("the ninth to wait is sent away, and who waits 10 s too", async () => {
  const { engine, clock } = world((_, call) => (call === 0 ? [{ stall: true }] : says("x")));
  const first = await engine.start({ ...ada, message: "1" });
  const waiting = Array.from({ length: 8 }, (_, index) =>
    engine.send({ ...ada, message: `${index}` }).catch((error: unknown) => error),
  );
  await settle();
  await expect(engine.send({ ...ada, message: "9" })).rejects.toMatchObject({ code: "turn_in_progress" });
  await pass(clock, 10_250);
  for (const error of await Promise.all(waiting))
    expect(error).toMatchObject({ code: "turn_in_progress", retryable: true });
  await first.stop();
  expect((await engine.send({ ...ada, message: "after" })).text).toBe("x");
});

test("a turn on another node is waited for too", async () => {
  const gate = Promise.withResolvers<void>();
  const one = world((_, call) => (call === 0 ? gated(gate.promise) : says("second")));
  const two = one.node();
  const first = await one.engine.start({ ...ada, message: "1" });
  const second = two.engine.send({ ...ada, message: "2" });
  await settle();
  expect(two.backend.calls).toHaveLength(0);
  gate.resolve();
  await first.reply();
  await pass(one.clock, 500, 50);
  await second;
  expect((await two.engine.sessions.history(key))?.messages.map((m) => m.role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
});

test("who has gone while waiting does not start a turn", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine, backend } = world((_, call) => (call === 0 ? gated(gate.promise) : says("x")));
  const leaving = new AbortController();
  const signal = vi.fn<() => AbortSignal>(() => leaving.signal);
  const first = await engine.start({ ...ada, message: "1", signal });
  const second = engine.start({ ...ada, message: "2", signal });
  await settle();
  // Only the one that waits asks for it.
  expect(signal).toHaveBeenCalledOnce();
  const third = engine.start({ ...ada, message: "3", signal: leaving.signal });
  await settle();
  leaving.abort();
  await expect(second).rejects.toMatchObject({ code: "turn_stopped" });
  await expect(third).rejects.toMatchObject({ code: "turn_stopped" });
  gate.resolve();
  await first.reply();
  await settle();
  expect(backend.calls).toHaveLength(1);
});
