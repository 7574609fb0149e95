import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, key, pass, settle, texts, world } from "./harness.ts";

const deadlines = { firstTokenMs: 2_000, idleMs: 1_000, totalMs: 5_000 };

test("no first token in time", async () => {
  const { engine, backend, clock } = world([{ stall: true }], { deadlines });
  const turn = await engine.start({ ...ada, message: "Hi" });
  const call = await backend.called();
  await pass(clock, 1_750);
  expect(call.signal.aborted).toBe(false);
  await pass(clock, 500);
  await expect(turn.reply()).rejects.toMatchObject({ code: "backend_timeout", status: 504 });
  await call.left;
});

test("a stall after tokens, which are kept", async () => {
  const { engine, clock } = world([{ type: "text", text: "some" }, { stall: true }], { deadlines });
  const turn = await engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  await pass(clock, 1_500);
  await expect(turn.reply()).rejects.toThrow(/nothing more for 1000 ms/);
  expect((await engine.sessions.history(key))?.messages[1]).toMatchObject({
    status: "failed",
    parts: [{ text: "some" }],
  });
});

test("tokens that keep coming push the idle deadline, not the total one", async () => {
  const gates = Array.from({ length: 20 }, () => Promise.withResolvers<void>());
  const { engine, clock } = world(
    gates.flatMap((gate) => [{ type: "text" as const, text: "x" }, { wait: gate.promise }]),
    { deadlines },
  );
  const turn = await engine.start({ ...ada, message: "Hi" });
  const failed = turn.reply().catch((error: unknown) => error);
  for (const gate of gates) {
    await pass(clock, 500);
    gate.resolve();
    await settle();
  }
  expect(String(await failed)).toContain("not done within 5000 ms");
});

test("a backend's own deadlines count over the engine's defaults, a user's over both", async () => {
  const local = { info: { deadlines: { firstTokenMs: 300_000 } } };
  const patient = world([{ stall: true }], {}, local);
  const turn = await patient.engine.start({ ...ada, message: "Hi" });
  turn.subscribe(0, { onBatch: () => {} });
  await pass(patient.clock, 100_000, 10_000);
  expect(patient.backend.calls[0]?.signal.aborted).toBe(false);
  const hasty = world([{ stall: true }], { deadlines: { firstTokenMs: 100 } }, local);
  const failed = hasty.engine.send({ ...ada, message: "Hi" }).catch((error: unknown) => error);
  await hasty.backend.called();
  await pass(hasty.clock, 500);
  expect(await failed).toMatchObject({ code: "backend_timeout" });
});

test("a wall clock that jumps an hour ends nothing", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine, clock } = world([{ type: "text", text: "a" }, { wait: gate.promise }, ...says(" b")], { deadlines });
  const turn = await engine.start({ ...ada, message: "Hi" });
  await texts(turn, 1);
  clock.jump(3_600_000);
  await pass(clock, 500);
  gate.resolve();
  expect((await turn.reply()).text).toBe("a b");
});

test("an answer that has finished is complete, also when its usage never comes or the connection breaks", async () => {
  const finished = [
    { type: "text", text: "all of it" },
    { type: "finish", reason: "stop" },
  ] as const;
  const silent = world([...finished, { stall: true }]);
  const turn = await silent.engine.start({ ...ada, message: "Hi" });
  turn.subscribe(0, { onBatch: () => {} });
  await settle();
  await pass(silent.clock, 2_500);
  expect((await turn.reply()).outcome).toMatchObject({
    status: "complete",
    finishReason: "stop",
    usage: { estimated: true },
  });

  const broken = world([...finished, { fail: new Error("socket hang up") }]);
  expect((await broken.engine.send({ ...ada, message: "Hi" })).outcome.status).toBe("complete");
});
