import { expect, test } from "vitest";
import {
  balance,
  type BackendEvent,
  ChatError,
  circuitBreaker,
  fallback,
  type GenerateRequest,
  limitConcurrency,
  type ModelBackend,
  retry,
} from "../../src/index.ts";
import { manualClock, says, scriptedBackend, type Step } from "../../src/testing/index.ts";
import { ada, key, pass, settle, texts, world } from "../engine/harness.ts";

const request: GenerateRequest = { messages: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }], settings: {} };
const failing = (code: ConstructorParameters<typeof ChatError>[0], retryAfterMs?: number): Step => ({
  fail: new ChatError(code, "no", retryAfterMs === undefined ? {} : { retryAfterMs }),
});
const never = new AbortController().signal;

async function ask(backend: ModelBackend, signal = never): Promise<string> {
  const events: BackendEvent[] = [];
  for await (const batch of backend.generate(request, signal)) events.push(...batch);
  return events.map((event) => (event.type === "text" ? event.text : "")).join("");
}
const codeOf = (asked: Promise<string>) => asked.catch((error: unknown) => (error as ChatError).code);

test("retry asks again before the first event, and waits as long as the service says", async () => {
  const clock = manualClock();
  const inner = scriptedBackend((_, call) => (call < 2 ? [failing("backend_overloaded", 4_000)] : says("at last")));
  const asked = ask(retry(inner, { clock }));
  await pass(clock, 3_750);
  expect(inner.calls).toHaveLength(1);
  const [text] = await Promise.all([asked, pass(clock, 10_000)]);
  expect(text).toBe("at last");
  expect(inner.calls).toHaveLength(3);
});

test("retry does not ask again what cannot help, what came too far, what takes too long or nobody waits for", async () => {
  const clock = manualClock();
  const once = async (...steps: readonly Step[]) => {
    const inner = scriptedBackend(steps);
    const code = await codeOf(ask(retry(inner, { clock })));
    return [code, inner.calls.length];
  };
  expect(await once(failing("backend_auth"))).toEqual(["backend_auth", 1]);
  expect(await once({ type: "text", text: "a" }, failing("backend_overloaded"))).toEqual(["backend_overloaded", 1]);
  expect(await once(failing("backend_rate_limited", 31_000))).toEqual(["backend_rate_limited", 1]);

  const inner = scriptedBackend([failing("backend_overloaded")]);
  const gone = new AbortController();
  const asked = codeOf(ask(retry(inner, { clock }), gone.signal));
  await settle();
  gone.abort();
  expect(await asked).toBe("backend_overloaded");
  expect(inner.calls).toHaveLength(1);

  const stubborn = scriptedBackend([failing("backend_overloaded")]);
  const [code] = await Promise.all([codeOf(ask(retry(stubborn, { clock }))), pass(clock, 5_000)]);
  expect([code, stubborn.calls.length]).toEqual(["backend_overloaded", 3]);
});

test("fallback asks the next one where a service fails before its answer begins, and says who answered", async () => {
  const told: string[] = [];
  const model = (name: string, ...steps: readonly Step[]) => scriptedBackend(steps, { info: { model: name } });
  const [one, two, three] = [
    model("one", failing("backend_auth")),
    model("two", { end: true }),
    model("three", ...says("hi")),
  ];
  const backend = fallback([one, two, three], { onFallback: (error, name) => told.push(`${name}: ${error.code}`) });
  const { engine } = world([], { backend });
  expect((await engine.send({ ...ada, message: "Hi" })).text).toBe("hi");
  expect(told).toEqual(["one: backend_auth", "two: upstream_truncated"]);
  const answer = (await engine.sessions.history(key))?.messages[1];
  expect(answer?.meta).toMatchObject({ model: "one", provider: { parlor: { model: "three" } } });
});

test("fallback goes on after silence, but not after a word, nor for what the request itself is to blame for", async () => {
  const clock = manualClock();
  const other = scriptedBackend(says("other"));
  const with_ = (...steps: readonly Step[]) => fallback([scriptedBackend(steps), other], { clock });
  const silent = scriptedBackend([{ stall: true }]);
  const [text] = await Promise.all([ask(fallback([silent, other], { clock })), pass(clock, 30_000, 1_000)]);
  expect(text).toBe("other");
  expect(silent.calls[0]?.signal.aborted).toBe(true);
  expect(await codeOf(ask(with_({ type: "text", text: "a" }, failing("backend_error"))))).toBe("backend_error");
  for (const code of ["content_filter", "context_too_long", "backend_bad_request"] as const)
    expect(await codeOf(ask(with_(failing(code))))).toBe(code);
  expect(other.calls).toHaveLength(1);
  expect(await codeOf(ask(fallback([scriptedBackend([failing("backend_error")])])))).toBe("backend_error");
  expect(() => fallback([])).toThrow(TypeError);
});

test("what is made of several can do what all of them can, and is healthy while one is", async () => {
  const large = scriptedBackend(says("a"), {
    info: { contextWindow: 1_000, capabilities: ["streaming", "tools"] },
    health: { healthy: false, detail: "down" },
  });
  const small = scriptedBackend(says("b"), {
    info: { model: "small", contextWindow: 100, capabilities: ["streaming"] },
  });
  for (const backend of [fallback([large, small]), balance([large, small])]) {
    expect(backend.info).toMatchObject({ model: "script-1", contextWindow: 100, capabilities: ["streaming"] });
    expect(await backend.health(never)).toMatchObject({
      healthy: true,
      backends: [
        { model: "script-1", healthy: false, detail: "down" },
        { model: "small", healthy: true },
      ],
    });
    await backend.close();
    expect([large.closed, small.closed]).toEqual([true, true]);
  }
});

test("balance asks the one with the fewest calls, in turn where they are even", async () => {
  const gate = Promise.withResolvers<void>();
  const [one, two] = [scriptedBackend([{ wait: gate.promise }, ...says("one")]), scriptedBackend(says("two"))];
  const backend = balance([one, two]);
  const slow = ask(backend);
  expect(await ask(backend)).toBe("two");
  expect(await ask(backend)).toBe("two");
  expect(await backend.health(never)).toMatchObject({ backends: [{ running: 1 }, { running: 0 }] });
  gate.resolve();
  expect(await slow).toBe("one");
  expect(await ask(backend)).toBe("one");
  expect(await ask(backend)).toBe("two");
  expect(() => balance([])).toThrow(TypeError);
});

test("a circuit breaker leaves a service alone that keeps failing, and tries it with one call later", async () => {
  const clock = manualClock();
  let script: readonly Step[] = [failing("backend_error")];
  const inner = scriptedBackend(() => script);
  const backend = circuitBreaker(inner, { clock });
  for (let call = 0; call < 5; call += 1) expect(await codeOf(ask(backend))).toBe("backend_error");
  expect(await ask(backend).catch((error: unknown) => error)).toMatchObject({
    code: "backend_unavailable",
    retryAfterMs: 30_000,
  });
  expect(inner.calls).toHaveLength(5);
  expect(await backend.health(never)).toMatchObject({ healthy: false, circuit: "open" });

  clock.advance(30_000);
  expect(await backend.health(never)).toMatchObject({ healthy: true, circuit: "half-open" });
  expect(await codeOf(ask(backend))).toBe("backend_error");
  expect(await codeOf(ask(backend))).toBe("backend_unavailable");

  clock.advance(30_000);
  const gate = Promise.withResolvers<void>();
  script = [{ wait: gate.promise }, ...says("well again")];
  const probe = ask(backend);
  expect(await codeOf(ask(backend))).toBe("backend_unavailable");
  gate.resolve();
  expect(await probe).toBe("well again");
  expect(await ask(backend)).toBe("well again");
  expect(await backend.health(never)).toMatchObject({ circuit: "closed" });
});

test("a circuit breaker counts deadlines, and neither stops nor bad requests", async () => {
  const inner = scriptedBackend(({ messages }) =>
    JSON.stringify(messages.at(-1)).includes("bad")
      ? [failing("context_too_long")]
      : [{ type: "text", text: "a" }, { stall: true }],
  );
  const made = world([], { deadlines: { idleMs: 1_000 } });
  const backend = circuitBreaker(inner, { failures: 2, clock: made.clock });
  const { engine } = made.node({ backend });
  for (const message of ["bad", "bad"]) await engine.send({ owner: "ada", message }).catch(() => {});
  for (let stop = 0; stop < 2; stop += 1) {
    const turn = await engine.start({ owner: "ada", message: "stop" });
    await texts(turn, 1);
    await turn.stop();
  }
  expect(await backend.health(never)).toMatchObject({ circuit: "closed" });
  for (let late = 0; late < 2; late += 1) {
    const turn = await engine.start({ owner: "ada", message: "late" });
    await Promise.all([turn.reply().catch(() => {}), pass(made.clock, 2_000)]);
  }
  await settle();
  expect(await backend.health(never)).toMatchObject({ circuit: "open" });
});

test("calls at once are limited: others wait in line, for a while", async () => {
  const clock = manualClock();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const inner = scriptedBackend((_, call) => [
    ...(gates[call] ? [{ wait: gates[call].promise }] : []),
    ...says(`${call}`),
  ]);
  const backend = limitConcurrency(inner, { calls: 1, maxWaiting: 2, clock });
  const first = ask(backend);
  const second = ask(backend);
  const gone = new AbortController();
  const third = ask(backend, gone.signal);
  expect(await codeOf(ask(backend))).toBe("backend_overloaded");
  expect(await backend.health(never)).toMatchObject({ running: 1, waiting: 2 });
  gone.abort();
  expect(await third).toBe("");
  gates[0]?.resolve();
  expect(await first).toBe("0");
  await settle();
  const late = codeOf(ask(backend));
  await pass(clock, 30_000, 1_000);
  expect(await late).toBe("backend_overloaded");
  gates[1]?.resolve();
  expect(await second).toBe("1");
  expect(await ask(backend)).toBe("2");
  expect(await backend.health(never)).toMatchObject({ running: 0, waiting: 0 });
  expect(() => limitConcurrency(inner, { calls: 0 })).toThrow(TypeError);
});
