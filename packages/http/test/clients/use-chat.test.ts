import { Chat } from "@ai-sdk/react";
import { ChatError, tool } from "@parlor/core";
import { says, type Step } from "@parlor/core/testing";
import { DefaultChatTransport, type UIMessage, validateUIMessages } from "ai";
import { expect, test } from "vitest";
import { z } from "zod";
import { textOf, until } from "./page.ts";
import { serve, type Site } from "./serve.ts";

const headers = { authorization: "Bearer ada" };

const transport = ({ url }: Site) => new DefaultChatTransport({ api: `${url}/api/chat`, headers });

/** What `useChat` is made of: everything but React's rendering. */
const open = (site: Site, messages: UIMessage[] = []) => new Chat({ id: "c1", transport: transport(site), messages });

/** As a page reads them that is loaded anew; they are what the SDK itself takes for messages. */
async function load({ url }: Site): Promise<UIMessage[]> {
  const response = await fetch(`${url}/api/chat/c1/messages`, { headers });
  const messages = (await response.json()) as UIMessage[];
  return messages.length === 0 ? [] : validateUIMessages({ messages });
}

const textsOf = (messages: readonly UIMessage[]) => messages.map((message) => [message.role, textOf(message)]);

/** Without fields that are there and undefined. */
const plain = (messages: readonly UIMessage[]): unknown => JSON.parse(JSON.stringify(messages));

/** What differs by design: a message of the user has no metadata before it is stored, and an answer no status before it ends. */
const contentOf = (messages: readonly UIMessage[]) =>
  plain(messages.map(({ id, role, parts }) => ({ id, role, parts })) as UIMessage[]);

const counted =
  (failing: readonly number[] = []) =>
  (_: unknown, call: number): readonly Step[] =>
    failing.includes(call)
      ? [{ type: "text", text: "par" }, { fail: new ChatError("backend_error", "It broke.") }]
      : [{ type: "reasoning", text: "hm" }, ...says(`answer ${call}`)];

test("say, edit, answer again and reload: the page shows what is stored, each time", async () => {
  const site = await serve(counted());
  const chat = open(site);
  await chat.sendMessage({ text: "one" });
  await chat.sendMessage({ text: "two" });
  expect(chat.status).toBe("ready");
  expect(contentOf(await load(site))).toEqual(contentOf(chat.messages));
  expect(plain(await load(site))).toMatchObject(
    [{}, chat.messages[1]!, {}, chat.messages[3]!].map(({ metadata = {} }: Partial<UIMessage>) => ({ metadata })),
  );

  const first = chat.messages[0]!.id;
  await chat.sendMessage({ text: "ONE", messageId: first });
  expect(textsOf(chat.messages)).toEqual([
    ["user", "ONE"],
    ["assistant", "answer 2"],
  ]);
  expect(contentOf(await load(site))).toEqual(contentOf(chat.messages));

  await chat.regenerate();
  await chat.regenerate({ messageId: chat.messages[1]!.id });
  expect(textsOf(chat.messages).at(-1)).toEqual(["assistant", "answer 4"]);
  expect(contentOf(await load(site))).toEqual(contentOf(chat.messages));

  const reloaded = open(site, await load(site));
  await reloaded.sendMessage({ text: "Uno", messageId: reloaded.messages[0]!.id });
  await reloaded.regenerate();
  await reloaded.sendMessage({ text: "due" });
  expect(textsOf(reloaded.messages)).toEqual([
    ["user", "Uno"],
    ["assistant", "answer 6"],
    ["user", "due"],
    ["assistant", "answer 7"],
  ]);
  expect(reloaded.messages[0]!.id).toBe(first);
  expect(contentOf(await load(site))).toEqual(contentOf(reloaded.messages));
  const prompt = site.backend.calls
    .at(-1)
    ?.request.messages.flatMap(({ parts }) => parts.filter(({ type }) => type === "text"));
  expect(prompt?.map((part) => ("text" in part ? part.text : ""))).toEqual(["Uno", "answer 6", "due"]);
});

test("a page that reloads in mid-answer resumes, and the old page too", async () => {
  const gate = Promise.withResolvers<void>();
  const site = await serve((_, call) =>
    call === 0
      ? says("old")
      : [
          ...["one", " two"].map((text) => ({ type: "text" as const, text })),
          { wait: gate.promise },
          ...says(" three"),
        ],
  );
  const chat = open(site);
  await chat.sendMessage({ text: "Hi" });
  const answering = chat.regenerate();
  await until(chat, () => textOf(chat.lastMessage) === "one two");
  await chat.stop();
  await answering;

  const reloaded = open(site, await load(site));
  expect(textsOf(reloaded.messages)).toEqual([["user", "Hi"]]);
  const resuming = [reloaded.resumeStream(), chat.resumeStream()];
  for (const page of [reloaded, chat])
    await until(page, () => page.status === "streaming" && textOf(page.lastMessage) === "one two");
  gate.resolve();
  await Promise.all(resuming);
  for (const page of [reloaded, chat]) {
    expect(textsOf(page.messages)).toEqual([
      ["user", "Hi"],
      ["assistant", "one two three"],
    ]);
    expect(page.status).toBe("ready");
  }
  expect(contentOf(await load(site))).toEqual(contentOf(reloaded.messages));
  await reloaded.resumeStream();
  expect(reloaded.status).toBe("ready");
  expect(site.backend.calls).toHaveLength(2);
});

test("a turn that is stopped on the server keeps what there is", async () => {
  const site = await serve((_, call) =>
    call === 0 ? [{ type: "text", text: "half an" }, { stall: true }] : says("Whole."),
  );
  const chat = open(site);
  const answering = chat.sendMessage({ text: "Hi" });
  await until(chat, () => textOf(chat.lastMessage) === "half an");
  const stopped = await fetch(`${site.url}/api/chat/c1/stop`, { method: "POST", headers });
  expect(await stopped.json()).toEqual({ stopped: true });
  await answering;
  expect(chat.status).toBe("ready");
  expect(contentOf(await load(site))).toEqual(contentOf(chat.messages));
  expect(chat.lastMessage?.metadata).toMatchObject({ status: "interrupted" });
  await chat.sendMessage({ text: "Go on" });
  expect(textsOf(await load(site)).slice(1)).toEqual([
    ["assistant", "half an"],
    ["user", "Go on"],
    ["assistant", "Whole."],
  ]);
});

test("failures: what is shown says what to do, and trying again answers what was said", async () => {
  const site = await serve(counted([0, 2]));
  const chat = open(site);
  await chat.sendMessage({ text: "one" });
  expect([chat.status, chat.error?.message]).toEqual(["error", "It broke."]);
  await chat.regenerate();
  expect(textsOf(chat.messages)).toEqual([
    ["user", "one"],
    ["assistant", "answer 1"],
  ]);
  await chat.sendMessage({ text: "ONE", messageId: chat.messages[0]!.id });
  expect(chat.error?.message).toBe("It broke.");
  await chat.regenerate();
  expect(textsOf(chat.messages)).toEqual([
    ["user", "ONE"],
    ["assistant", "answer 3"],
  ]);
  expect(contentOf(await load(site))).toEqual(contentOf(chat.messages));

  const stranger = new Chat({ id: "c1", transport: new DefaultChatTransport({ api: `${site.url}/api/chat` }) });
  await stranger.sendMessage({ text: "Hi" });
  expect(JSON.parse(stranger.error?.message ?? "")).toMatchObject({ status: 401, code: "unauthorized" });
  await chat.sendMessage({ text: "x".repeat(40_000) });
  expect(JSON.parse(chat.error?.message ?? "").detail).toMatch(/at most 32000/);
  await chat.sendMessage({ text: "shorter", messageId: chat.lastMessage!.id });
  expect(textsOf(await load(site)).slice(2)).toEqual([
    ["user", "shorter"],
    ["assistant", "answer 4"],
  ]);
});

test("the engine's tools, pictures, and a client that sends no more than its last message", async () => {
  const weather = tool({
    description: "The weather of a city",
    input: z.object({ city: z.string() }),
    run: ({ city }) => ({ city, sky: "clear" }),
  });
  const site = await serve(
    (_, call) =>
      call % 2 === 1
        ? says("Clear.")
        : [
            { type: "text", text: "Let me see." },
            { type: "tool-call", id: "t1", name: "weather", input: { city: "Paris" } },
            { type: "finish", reason: "tool-calls" },
          ],
    { tools: { weather } },
  );
  const chat = new Chat<UIMessage>({
    id: "c1",
    transport: new DefaultChatTransport({
      api: `${site.url}/api/chat`,
      headers,
      prepareSendMessagesRequest: ({ id, messages, trigger, messageId }) => ({
        body: { id, messages: messages.slice(-1), trigger, messageId },
      }),
    }),
  });
  const png = { type: "file" as const, mediaType: "image/png", url: "data:image/png;base64,iVBORw0KGgo=" };
  for (const text of ["Here?", "And now?"]) await chat.sendMessage({ text, files: [png] });
  expect(chat.messages[1]?.parts.map(({ type }) => type)).toEqual([
    "step-start",
    "text",
    "tool-weather",
    "step-start",
    "text",
  ]);
  expect(chat.messages[1]?.parts[2]).toMatchObject({
    state: "output-available",
    output: { city: "Paris", sky: "clear" },
  });
  expect(chat.messages).toHaveLength(4);
  expect(contentOf(await load(site))).toEqual(contentOf(chat.messages));
});
