import { expect, test, vi } from "vitest";
import { ChatError, type Part } from "../../src/index.ts";
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

test("what the limits leave is told, to who passes and to who does not", async () => {
  const rules = [
    { limit: 2, windowMs: 60_000 },
    { limit: 100, windowMs: 3_600_000 },
  ];
  const { engine, clock } = world(says("x"), { limits: { requests: rules } });
  const told: unknown[] = [];
  const call = { ...ada, message: "1", onQuotas: (quotas: unknown) => void told.push(quotas) };
  await engine.send(call);
  clock.advance(10_000);
  await engine.send(call);
  const left = (remaining: number, resetMs: number, long: number) => [
    { name: "turns", ...rules[0], remaining, resetMs },
    { name: "turns", ...rules[1], remaining: long, resetMs: resetMs + 3_540_000 },
  ];
  expect(told).toEqual([left(1, 60_000, 99), left(0, 50_000, 98)]);
  const refused = await engine.send(call).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "rate_limited", quotas: left(0, 50_000, 97) });
  expect(told).toHaveLength(2);
});

test("P28: while the limit store is down this process counts by itself, and asks again in a second", async () => {
  const failures: string[] = [];
  const { engine, storage, clock } = world(says("x"), {
    limits: {
      requests: [{ limit: 2, windowMs: 60_000 }],
      tokens: [{ limit: 5_000, windowMs: 60_000 }],
      concurrentTurns: 1,
    },
    onError: (_, during) => failures.push(during),
  });
  const down = new ChatError("store_unavailable", "Down.");
  const spies = (["consume", "acquire", "release", "settle"] as const).map((method) =>
    vi.spyOn(storage.limits, method).mockRejectedValue(down),
  );
  const send = async () => (await engine.send({ ...ada, message: "Hi" })).text;
  expect(await send()).toBe("x");
  expect(await send()).toBe("x");
  await expect(send()).rejects.toMatchObject({ code: "rate_limited" });
  expect(failures).toContain("counting limits");
  const asked = () => spies[0]!.mock.calls.length;
  const before = asked();
  await expect(send()).rejects.toMatchObject({ code: "rate_limited" });
  expect(asked()).toBe(before);
  for (const spy of spies) spy.mockRestore();
  clock.advance(1_000);
  expect(await send()).toBe("x");
});

test("the prompt of a stateless call is reserved, too", async () => {
  const limits = { tokens: [{ limit: 200, windowMs: 60_000 }] };
  const { engine, backend } = world(says("x"), { limits }, { info: { capabilities: ["images"] } });
  const prompts: Part[] = [
    { type: "text", text: "x".repeat(800) },
    { type: "image", url: "https://example.com/a.png" },
  ];
  for (const part of prompts) {
    const messages = [{ role: "user", parts: [part] }] as const;
    const large = engine.send({ owner: "ada", messages, settings: { maxTokens: 1 } });
    await expect(large).rejects.toMatchObject({ code: "token_budget_exceeded" });
  }
  expect(backend.calls).toHaveLength(0);
});
