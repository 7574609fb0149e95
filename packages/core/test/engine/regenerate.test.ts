import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, key, texts, world } from "./harness.ts";

const regenerate = { ...ada, regenerate: true } as const;

test("the new answer supersedes the old one when it is complete, and was not asked with it", async () => {
  const { engine, backend } = world((_, call) => says(`answer ${call}`));
  await engine.send({ ...ada, message: "one" });
  await engine.send({ ...ada, message: "two" });
  const reply = await engine.send(regenerate);
  expect(reply.text).toBe("answer 2");
  expect(backend.calls[2]?.request.messages.map((m) => m.parts[0])).toMatchObject([
    { text: "one" },
    { text: "answer 0" },
    { text: "two" },
  ]);

  const history = await engine.sessions.history(key);
  expect(history?.messages.map((m) => m.parts[0])).toMatchObject([
    { text: "one" },
    { text: "answer 0" },
    { text: "two" },
    { text: "answer 2" },
  ]);
  expect(history?.session).toMatchObject({ messageCount: 4, turnCount: 2 });
  const versions = await engine.sessions.history(key, { superseded: true });
  expect(versions?.messages.map((m) => m.status)).toEqual([
    "complete",
    "complete",
    "complete",
    "superseded",
    "complete",
  ]);
});

test("while it runs, and if it fails, the old answer is still there", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine } = world((_, call) =>
    call === 0 ? says("good") : [{ type: "text", text: "ba" }, { wait: gate.promise }, { fail: new Error("no") }],
  );
  await engine.send({ ...ada, message: "one" });
  const turn = await engine.start(regenerate);
  await texts(turn, 1);
  expect((await engine.sessions.history(key))?.messages.map((m) => m.status)).toEqual([
    "complete",
    "complete",
    "streaming",
  ]);
  gate.resolve();
  await expect(turn.reply()).rejects.toMatchObject({ code: "backend_error" });
  const history = await engine.sessions.history(key);
  expect(history?.messages.map((m) => m.parts[0])).toMatchObject([{ text: "one" }, { text: "good" }]);
  expect(history?.session).toMatchObject({ messageCount: 2, turnCount: 1 });
});

test("stopped by the user with something said, it is the answer", async () => {
  const { engine } = world((_, call) =>
    call === 0 ? says("old") : [{ type: "text", text: "new, cut" }, { stall: true }],
  );
  await engine.send({ ...ada, message: "one" });
  const turn = await engine.start(regenerate);
  await texts(turn, 1);
  await turn.stop();
  expect((await engine.sessions.history(key))?.messages).toMatchObject([
    { role: "user" },
    { status: "interrupted", parts: [{ text: "new, cut" }] },
  ]);
});

test("an unanswered message can be answered; without one there is nothing to do", async () => {
  const { engine } = world((_, call) => (call === 0 ? [{ fail: new Error("no") }] : says("at last")));
  await expect(engine.send(regenerate)).rejects.toMatchObject({ code: "session_not_found" });
  await engine.sessions.create(key);
  await expect(engine.send(regenerate)).rejects.toMatchObject({ code: "nothing_to_regenerate", status: 400 });
  await engine.send({ ...ada, message: "one" }).catch(() => {});
  expect((await engine.send(regenerate)).text).toBe("at last");
  expect((await engine.sessions.history(key))?.messages.map((m) => m.status)).toEqual(["complete", "complete"]);
});
