import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, key, pass, texts, world } from "./harness.ts";

const shown = (messages: readonly { readonly parts: readonly object[] }[] = []) =>
  messages.map(({ parts }) => (parts[0] as { readonly text?: string } | undefined)?.text);

async function talk(...script: Parameters<typeof world>) {
  const made = world(...script);
  for (const message of ["one", "two", "three"]) await made.engine.send({ ...ada, message });
  const { messages } = (await made.engine.sessions.history(key)) ?? { messages: [] };
  return { ...made, idOf: (text: string) => messages.find(({ parts }) => shown([{ parts }])[0] === text)?.id ?? "" };
}

test("an edit supersedes the message and all that follows once its answer is complete, and was not asked with them", async () => {
  const { engine, backend, idOf } = await talk((_, call) => says(`answer ${call}`));
  const reply = await engine.send({ ...ada, message: "two, better", editOf: idOf("two") });
  expect(reply.text).toBe("answer 3");
  expect(shown(backend.calls[3]?.request.messages)).toEqual(["one", "answer 0", "two, better"]);
  const history = await engine.sessions.history(key);
  expect(shown(history?.messages)).toEqual(["one", "answer 0", "two, better", "answer 3"]);
  expect(history?.session).toMatchObject({ messageCount: 4, turnCount: 2 });
  const versions = await engine.sessions.history(key, { superseded: true });
  expect(versions?.messages.filter(({ status }) => status === "superseded")).toHaveLength(4);
  await expect(engine.send({ ...ada, message: "x", editOf: idOf("two") })).rejects.toMatchObject({
    code: "message_not_found",
  });
});

test("an edit whose answer fails leaves the conversation as it was, also when its process dies", async () => {
  const made = await talk(
    ({ messages }, call) => (shown(messages).at(-1) === "never" ? [{ stall: true }] : says(`answer ${call}`)),
    { deadlines: { firstTokenMs: 1_000 } },
  );
  const { engine, clock, idOf } = made;
  const before = await engine.sessions.history(key);
  const turn = await engine.start({ ...ada, message: "never", editOf: idOf("two") });
  const [failure] = await Promise.all([turn.reply().catch((error: unknown) => error), pass(clock, 2_000)]);
  expect(failure).toMatchObject({ code: "backend_timeout" });
  const after = await engine.sessions.history(key);
  expect(after?.messages).toEqual(before?.messages);
  expect(after?.session).toMatchObject({ messageCount: 6, turnCount: 3 });

  // Another process begins the same and is never heard of again: it renews nothing.
  const dying = made.node({ clock: { ...clock, every: () => () => {} } });
  await dying.engine.start({ ...ada, message: "never", editOf: idOf("two") });
  expect((await engine.sessions.history(key))?.messages).toHaveLength(8);
  await pass(clock, 14_000);
  expect((await engine.sessions.history(key))?.messages).toEqual(before?.messages);
});

test("an answer of the past can be had again: what followed goes with the old one", async () => {
  const { engine, backend, idOf } = await talk((_, call) => says(`answer ${call}`));
  await engine.send({ ...ada, regenerate: { message: idOf("answer 1") } });
  expect(shown(backend.calls[3]?.request.messages)).toEqual(["one", "answer 0", "two"]);
  expect(shown((await engine.sessions.history(key))?.messages)).toEqual(["one", "answer 0", "two", "answer 3"]);
  await engine.send({ ...ada, regenerate: { message: idOf("one") } });
  expect(shown((await engine.sessions.history(key))?.messages)).toEqual(["one", "answer 4"]);
});

test("what cannot be edited is refused, and nothing is stored", async () => {
  const { engine, idOf } = await talk(says("answer"));
  const refused = async (input: object, failure: object) =>
    expect(await engine.send({ ...ada, ...input }).catch((error: unknown) => error)).toMatchObject(failure);
  await refused({ message: "x", editOf: idOf("answer") }, { code: "message_not_found" });
  await refused({ message: "x", editOf: "nobody's" }, { code: "message_not_found", status: 404 });
  await refused({ editOf: idOf("one"), regenerate: true }, { code: "invalid_request" });
  await refused({ message: "x", editOf: idOf("one"), session: undefined }, { code: "invalid_request" });
  expect((await engine.sessions.history(key))?.messages).toHaveLength(6);
});

test("several messages can be said at once, of users and of tools", async () => {
  const { engine, backend } = world((_, call) =>
    call > 0
      ? says("12 degrees")
      : [
          [
            { type: "tool-call", id: "c1", name: "weather", input: { city: "Bergen" } },
            { type: "finish", reason: "tool-calls" },
          ],
        ],
  );
  await engine.send({ ...ada, message: "How warm is it?" });
  const reply = await engine.send({
    ...ada,
    messages: [
      { role: "tool", parts: [{ type: "tool-result", id: "c1", output: 12 }] },
      { role: "user", parts: [{ type: "text", text: "In Celsius, please." }] },
    ],
    messageId: "mine",
  });
  expect(reply.text).toBe("12 degrees");
  expect(backend.calls[1]?.request.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user"]);
  const history = await engine.sessions.history(key);
  expect(history?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user", "assistant"]);
  expect(history?.messages[3]?.id).toBe("mine");
  await expect(
    engine.send({ ...ada, messages: [{ role: "assistant", parts: [{ type: "text", text: "I said" }] }] }),
  ).rejects.toMatchObject({ code: "invalid_request" });
  await texts(await engine.start({ ...ada, message: "go on" }), 1);
});
