import { expect, test } from "vitest";
import { ChatError } from "../../src/index.ts";
import { says } from "../../src/testing/index.ts";
import { ada, key, readAll, settle, world } from "./harness.ts";

test("100 times at once is one turn, one call, and the same events for all", async () => {
  const { engine, backend } = world(says("only once"));
  const turns = await Promise.all(
    Array.from({ length: 100 }, () => engine.start({ ...ada, message: "Hi", idempotencyKey: "k1", onBusy: "queue" })),
  );
  expect(new Set(turns.map((turn) => turn.id)).size).toBe(1);
  const read = await Promise.all(turns.map((turn) => readAll(turn)));
  expect(new Set(read.map((events) => JSON.stringify(events))).size).toBe(1);
  expect(backend.calls).toHaveLength(1);
  expect((await engine.sessions.history(key))?.messages).toHaveLength(2);
});

test("another body is refused; another owner, kind or key is another turn", async () => {
  const { engine, backend } = world(says("x"));
  await engine.send({ ...ada, message: "Hi", idempotencyKey: "k" });
  await expect(engine.send({ ...ada, message: "Ho", idempotencyKey: "k" })).rejects.toMatchObject({
    code: "idempotency_mismatch",
    status: 422,
  });
  await engine.send({ owner: "bob", session: "s1", message: "Hi", idempotencyKey: "k" });
  await engine.send({ ...ada, regenerate: true, idempotencyKey: "k" });
  await engine.send({ ...ada, message: "Hi", idempotencyKey: "k2" });
  expect(backend.calls).toHaveLength(4);
});

test("a retry is known by what was asked, whatever has become of it meanwhile", async () => {
  const { engine, backend } = world((_, call) => says(`answer ${call}`));
  await engine.send({ ...ada, message: "Hi" });
  const [hi] = (await engine.sessions.history(key))?.messages ?? [];
  const asked = { ...ada, idempotencyKey: "k", idempotencyBody: { edit: "m1", text: "Ho" } };
  const first = await engine.send({ ...asked, message: "Ho", editOf: hi?.id ?? "" });
  const [ho] = (await engine.sessions.history(key))?.messages ?? [];
  for (const comesTo of [
    { message: "Ho", editOf: ho?.id ?? "" },
    { message: "Ho" },
    { regenerate: true },
    { regenerate: { message: ho?.id ?? "" } },
  ])
    expect(await engine.send({ ...asked, ...comesTo })).toMatchObject({ turn: first.turn, text: "answer 1" });
  expect(backend.calls).toHaveLength(2);
  for (const other of [
    { idempotencyBody: { edit: "m2", text: "Ho" } },
    { settings: { temperature: 0 } },
    { session: "s2" },
    { idempotencyBody: undefined },
  ])
    await expect(engine.send({ ...asked, message: "Ho", ...other })).rejects.toMatchObject({
      code: "idempotency_mismatch",
    });
});

test("whoever starts a turn may look at the session once it has it; a repeat is not looked at, and a refusal leaves nothing", async () => {
  const { engine, backend } = world(says("x"));
  const no = new ChatError("invalid_request", "No.");
  const refused = { ...ada, message: "Hi", idempotencyKey: "k", onClaim: () => Promise.reject(no) };
  await expect(engine.send(refused)).rejects.toBe(no);
  expect(await engine.sessions.history(key)).toBeUndefined();
  const first = await engine.send({ ...refused, onClaim: () => Promise.resolve() });
  expect(await engine.send(refused)).toMatchObject({ turn: first.turn });
  expect(backend.calls).toHaveLength(1);
});

test("the order of keys in a body does not matter", async () => {
  const { engine, backend } = world(says("x"));
  await engine.send({ ...ada, message: "Hi", settings: { topP: 1, temperature: 0 }, idempotencyKey: "k" });
  await engine.send({ settings: { temperature: 0, topP: 1 }, idempotencyKey: "k", message: "Hi", ...ada });
  expect(backend.calls).toHaveLength(1);
});

test("a call that was refused leaves its key free", async () => {
  const { engine, clock } = world(says("x"), { limits: { requests: [{ limit: 1, windowMs: 1_000 }] } });
  await engine.send({ ...ada, message: "first" });
  await expect(engine.send({ ...ada, message: "Hi", idempotencyKey: "k" })).rejects.toMatchObject({
    code: "rate_limited",
  });
  clock.advance(1_001);
  expect((await engine.send({ ...ada, message: "Hi", idempotencyKey: "k" })).text).toBe("x");
});

test("a repeat on another node follows the same turn", async () => {
  const gate = Promise.withResolvers<void>();
  const one = world([{ type: "text", text: "a" }, { wait: gate.promise }, ...says(" b")]);
  const two = one.node();
  const first = await one.engine.start({ ...ada, message: "Hi", idempotencyKey: "k" });
  const second = await two.engine.start({ ...ada, message: "Hi", idempotencyKey: "k" });
  expect(second.id).toBe(first.id);
  gate.resolve();
  await first.reply();
  await settle();
  expect((await second.reply()).text).toBe("a b");
  expect(two.backend.calls).toHaveLength(0);
});
