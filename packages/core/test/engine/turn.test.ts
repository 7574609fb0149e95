import { expect, test } from "vitest";
import { ChatError, type TurnSummary } from "../../src/index.ts";
import { says } from "../../src/testing/index.ts";
import { ada, key, readAll, world } from "./harness.ts";

test("send answers, and both messages are stored", async () => {
  const { engine, backend } = world(says("Hello, Ada."));
  const reply = await engine.send({ ...ada, message: "Hi", init: { systemPrompt: "Be kind." } });
  expect(reply).toMatchObject({
    text: "Hello, Ada.",
    session: "s1",
    model: "script-1",
    outcome: { status: "complete", finishReason: "stop" },
  });
  expect(reply.outcome.usage).toEqual({ inputTokens: 10, outputTokens: 2 });
  expect(backend.calls[0]?.request.messages.map((message) => message.role)).toEqual(["system", "user"]);
  expect(backend.calls[0]?.request.settings).toEqual({ temperature: 0.7, maxTokens: 1024, topP: 1 });

  const history = await engine.sessions.history(key);
  expect(history?.messages.map((m) => [m.seq, m.role, m.status, m.parts])).toEqual([
    [1, "user", "complete", [{ type: "text", text: "Hi" }]],
    [2, "assistant", "complete", [{ type: "text", text: "Hello, Ada." }]],
  ]);
  expect(history?.messages[1]).toMatchObject({
    id: reply.message,
    turn: reply.turn,
    meta: { usage: { outputTokens: 2 }, finishReason: "stop", model: "script-1" },
  });
  expect(history?.session).toMatchObject({
    messageCount: 2,
    turnCount: 1,
    usage: { inputTokens: 10, outputTokens: 2 },
  });
});

test("the next turn sees the past", async () => {
  const { engine, backend } = world(says("yes"));
  await engine.send({ ...ada, message: "one" });
  await engine.send({ ...ada, message: "two" });
  const asked = backend.calls[1]?.request.messages.map((message) => message.parts[0]);
  expect(asked).toEqual([
    { type: "text", text: "one" },
    { type: "text", text: "yes" },
    { type: "text", text: "two" },
  ]);
});

test("events come in order, with offsets from 1, text counted from 0, and one end", async () => {
  const { engine } = world([
    { type: "reasoning", text: "hm" },
    [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
    ...says(" c"),
  ]);
  const events = await readAll(await engine.start({ ...ada, message: "Hi" }));
  expect(events.map((event) => event.offset)).toEqual([1, 2, 3, 4, 5]);
  expect(events.map((event) => event.type)).toEqual(["reasoning", "text", "text", "text", "end"]);
  expect(events.flatMap((event) => (event.type === "text" ? [event.index] : []))).toEqual([0, 1, 2]);
});

test("for await gives the events, and a refusal is thrown where it is awaited", async () => {
  const { engine } = world(says("one two three"));
  let text = "";
  for await (const event of engine.stream({ ...ada, message: "Hi" })) if (event.type === "text") text += event.text;
  expect(text).toBe("one two three");

  const refused = engine.stream({ owner: "", session: "s1", message: "Hi" });
  await expect(refused.accepted).rejects.toMatchObject({ code: "invalid_request" });
  await expect(Array.fromAsync(refused.batches())).rejects.toThrow(/owner/);
});

test("a call that is refused stores nothing", async () => {
  const { engine, backend } = world(says("no"), { maxMessageCharacters: 5 });
  await expect(engine.send({ ...ada, message: "123456" })).rejects.toThrow(/has 6 characters; at most 5/);
  await expect(engine.send({ ...ada, message: "" })).rejects.toThrow(/must not be empty/);
  await expect(engine.send({ ...ada, message: "a", settings: { temperature: 3, maxTokens: 0 } })).rejects.toMatchObject(
    {
      code: "invalid_request",
      errors: [{ path: "settings.temperature" }, { path: "settings.maxTokens" }],
    },
  );
  await expect(engine.send({ ...ada })).rejects.toThrow(/exactly one of/);
  for (const odd of ["a\0b", "\ud800"]) {
    await expect(engine.send({ owner: odd, session: "s1", message: "a" })).rejects.toThrow(
      /owner: must be well-formed/,
    );
    await expect(engine.sessions.create({ owner: "ada", id: odd })).rejects.toMatchObject({ code: "invalid_request" });
  }
  expect(await engine.sessions.get(key)).toBeUndefined();
  expect(backend.calls).toHaveLength(0);
});

test("without a session nothing is stored, and the turn can be read like any other", async () => {
  const { engine, storage, backend } = world(says("four"));
  const turn = await engine.start({
    owner: "ada",
    messages: [{ role: "user", parts: [{ type: "text", text: "2+2?" }] }],
  });
  expect((await turn.reply()).text).toBe("four");
  expect((await turn.reply()).session).toBeUndefined();
  expect((await storage.sessions.list("ada", { limit: 10 })).items).toEqual([]);
  expect(backend.calls[0]?.request.messages).toHaveLength(1);
  const again = await engine.turn(turn.key, turn.id);
  expect((await readAll(again)).at(-1)).toMatchObject({ type: "end", status: "complete" });
});

test("the same session id of two owners is two sessions", async () => {
  const { engine } = world((request) => says(`${request.messages.length}`));
  await engine.send({ owner: "ada", session: "s1", message: "mine" });
  expect((await engine.send({ owner: "bob", session: "s1", message: "mine" })).text).toBe("1");
  await expect(
    engine.turn({ owner: "bob", id: "s1" }, (await engine.send({ ...ada, message: "x" })).turn),
  ).rejects.toMatchObject({ code: "not_found" });
});

test("each turn is told once, without its text", async () => {
  const told: TurnSummary[] = [];
  const { engine } = world(says("secret answer"), {
    onTurn: (summary) => told.push(summary),
    limits: { requests: [{ limit: 1, windowMs: 1000 }] },
  });
  await engine.send({ ...ada, message: "secret question", requestId: "r1" });
  await expect(engine.send({ ...ada, message: "more" })).rejects.toMatchObject({ code: "rate_limited" });
  expect(told).toMatchObject([
    {
      owner: "ada",
      session: "s1",
      status: "complete",
      provider: "scripted",
      requestId: "r1",
      outcome: { usage: { outputTokens: 2 } },
    },
    { status: "refused", code: "rate_limited" },
  ]);
  expect(JSON.stringify(told)).not.toContain("secret");
});

test("a listener that throws harms nothing", async () => {
  const errors: unknown[] = [];
  const onTurn = () => {
    throw new Error("mine");
  };
  const { engine } = world(says("fine"), { onTurn, onError: (error) => errors.push(error) });
  expect((await engine.send({ ...ada, message: "Hi" })).text).toBe("fine");
  await engine.close();
  expect(errors).toMatchObject([{ message: "mine" }]);
});

test("a backend that throws, breaks off or makes no sense is a failure, and what came is kept", async () => {
  const cases: [Parameters<typeof world>[0], string][] = [
    [[{ type: "text", text: "half" }, { fail: new ChatError("backend_overloaded", "busy") }], "backend_overloaded"],
    [[{ type: "text", text: "half" }, { fail: new Error("key sk-123") }], "backend_error"],
    [[{ type: "text", text: "half" }], "upstream_truncated"],
    [
      [
        { type: "text", text: "half" },
        { type: "finish", reason: "stop" },
        { type: "text", text: "more" },
      ],
      "upstream_invalid",
    ],
    [[{ type: "text", text: "half" }, { type: "bogus" } as never], "upstream_invalid"],
    [
      [
        { type: "text", text: "half" },
        { type: "text", text: "x".repeat(100) },
        { type: "finish", reason: "stop" },
      ],
      "answer_too_long",
    ],
  ];
  for (const [script, code] of cases) {
    const { engine } = world(script, { maxAnswerCharacters: 50 });
    const failure = await engine.send({ ...ada, message: "Hi" }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain("sk-123");
    const history = await engine.sessions.history(key);
    expect(history?.messages[1]).toMatchObject({ status: "failed", meta: { error: code } });
    expect(JSON.stringify(history?.messages[1]?.parts)).toContain("half");
    // A failed answer is no part of the next prompt.
    expect(
      (await engine.storage.sessions.open(key, { append: [], window: { last: 9, maxCharacters: 999 } })).window,
    ).toHaveLength(1);
  }
});

test("a prompt that cannot fit is refused before it is stored; a history that does not fit is cut and said", async () => {
  const { engine, backend } = world(says("ok"), { settings: { maxTokens: 10 } }, { info: { contextWindow: 40 } });
  await expect(engine.send({ ...ada, message: "x".repeat(400) })).rejects.toMatchObject({ code: "context_too_long" });
  expect(await engine.sessions.get(key)).toBeUndefined();
  for (const word of ["a", "b", "c"]) await engine.send({ ...ada, message: word.repeat(40) });
  expect(backend.calls[2]?.request.messages).toHaveLength(3);
  const history = await engine.sessions.history(key);
  expect(history?.messages.map((message) => message.meta?.leftOut)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    2,
  ]);
});
