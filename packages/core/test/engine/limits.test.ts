import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, pass, settle, world } from "./harness.ts";

test("requests per window, per owner, with when to come back", async () => {
  const { engine, clock } = world(says("x"), {
    limits: {
      requests: [
        { limit: 2, windowMs: 60_000 },
        { limit: 100, windowMs: 1_000 },
      ],
    },
  });
  await engine.send({ ...ada, message: "1" });
  clock.advance(10_000);
  await engine.send({ ...ada, message: "2" });
  const refused = await engine.send({ ...ada, message: "3" }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "rate_limited", status: 429, retryAfterMs: 50_000 });
  expect((await engine.send({ owner: "bob", session: "s1", message: "1" })).text).toBe("x");
  clock.advance(50_000);
  expect((await engine.send({ ...ada, message: "4" })).text).toBe("x");
});

test("a refusal stores nothing, frees the session and gives back what the other rules took", async () => {
  const limits = { requests: [{ limit: 5, windowMs: 60_000 }], tokens: [{ limit: 100, windowMs: 60_000 }] };
  const { engine, storage } = world(says("x"), { limits, settings: { maxTokens: 200 } });
  await expect(engine.send({ ...ada, message: "1" })).rejects.toMatchObject({ code: "token_budget_exceeded" });
  expect(await engine.sessions.get({ owner: "ada", id: "s1" })).toBeUndefined();
  expect(await storage.turns.live({ owner: "ada", id: "s1" })).toBeUndefined();
  for (let n = 0; n < 5; n += 1)
    expect((await engine.send({ ...ada, message: "ok", settings: { maxTokens: 10 } })).text).toBe("x");
  await expect(engine.send({ ...ada, message: "ok", settings: { maxTokens: 10 } })).rejects.toMatchObject({
    code: "rate_limited",
  });
});

test("tokens are reserved before the call and settled by what it used", async () => {
  const { engine, backend } = world((_, call) => (call === 0 ? [{ stall: true }] : says("x")), {
    limits: { tokens: [{ limit: 100, windowMs: 60_000 }] },
    settings: { maxTokens: 60 },
  });
  const turn = await engine.start({ ...ada, message: "1" });
  await backend.called();
  await expect(engine.send({ owner: "ada", session: "s2", message: "1" })).rejects.toMatchObject({
    code: "token_budget_exceeded",
  });
  await turn.stop();
  await settle();
  // Used: a prompt of 2 tokens, then twice 11 (10 in, 1 out).
  expect((await engine.send({ owner: "ada", session: "s2", message: "1" })).text).toBe("x");
  expect((await engine.send({ owner: "ada", session: "s2", message: "1" })).text).toBe("x");
});

test("turns at once, per owner; the place comes back however the turn ends, and lives as long as the turn", async () => {
  const { engine, clock, backend } = world((_, call) => (call < 2 ? [{ stall: true }] : says("x")), {
    limits: { concurrentTurns: 1 },
  });
  const turn = await engine.start({ ...ada, message: "1" });
  turn.subscribe(0, { onBatch: () => {} });
  await pass(clock, 30_000, 1_000);
  await expect(engine.start({ owner: "ada", session: "s2", message: "1" })).rejects.toMatchObject({
    code: "too_many_turns",
  });
  await engine.start({ owner: "bob", session: "s2", message: "1" });
  await turn.stop();
  await settle();
  expect((await engine.send({ owner: "ada", session: "s2", message: "1" })).text).toBe("x");
  expect(backend.calls).toHaveLength(3);
});
