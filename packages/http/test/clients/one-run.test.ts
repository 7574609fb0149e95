import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Chat } from "@ai-sdk/react";
import { says } from "@parlor/core/testing";
import { collect, connect, contentOf, readEvents, textOf as answerIn } from "@parlor/testkit/http";
import { DefaultChatTransport, type UIMessage } from "ai";
import { EventSource } from "eventsource";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { textOf, until } from "./page.ts";
import { serve } from "./serve.ts";

const answer = "one two three four";
const headers = { authorization: "Bearer ada" };
const curl = promisify(execFile);

test("P11: one run, started by the openai SDK, is the same text in every protocol, live, resumed and stored", async () => {
  const gate = Promise.withResolvers<void>();
  const site = await serve([{ type: "text", text: "one two" }, { wait: gate.promise }, ...says(" three four")]);
  const { url } = site;
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "ada" });
  const started = await client.chat.completions.create(
    { model: "script-1", messages: [{ role: "user", content: "Count" }], stream: true },
    { headers: { "x-session-id": "s1" } },
  );
  const chunks = started[Symbol.asyncIterator]();
  let byOpenAI = "";
  while (byOpenAI === "") byOpenAI += (await chunks.next()).value?.choices[0]?.delta.content ?? "";

  // The conversation's own stream says which turn runs.
  const followed = readEvents((await fetch(`${url}/api/conversations/s1/stream`, { headers })).body!);
  const first = await followed.next();
  const place = first.value?.id.replace(/:\d+$/, ":0") ?? "";

  const chat = new Chat<UIMessage>({
    id: "s1",
    transport: new DefaultChatTransport({ api: `${url}/api/chat`, headers }),
  });
  const byUseChat = chat.resumeStream();
  const socket = await connect(url, { headers });
  if ("status" in socket) throw new Error(`refused: ${socket.text}`);
  socket.send({ type: "resume", session_id: "s1" });
  const byCurl = curl("curl", [
    "-sN",
    `${url}/api/v1/chat/stream?session_id=s1`,
    "-H",
    "Authorization: Bearer ada",
    "-H",
    `Last-Event-ID: ${place}`,
  ]);
  const source = new EventSource(`${url}/api/v1/chat/stream?session_id=s1&after=${place}`, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
  });
  const bySource: string[] = [];
  source.addEventListener("chunk", ({ data }) => void bySource.push(JSON.parse(data).content));
  const sourceDone = new Promise<void>((resolve) => source.addEventListener("done", () => resolve()));
  const frames = [await socket.next()];
  await until(chat, () => textOf(chat.lastMessage) === "one two");
  gate.resolve();

  for await (const { choices } of { [Symbol.asyncIterator]: () => chunks }) byOpenAI += choices[0]?.delta.content ?? "";
  while (frames.at(-1)?.["is_final"] !== true) frames.push(await socket.next());
  socket.webSocket.terminate();
  const conversation = [...(first.value ? [first.value] : []), ...(await collect(followed))];
  await Promise.all([byUseChat, sourceDone]);
  source.close();
  const { stdout } = await byCurl;

  const read = async (path: string) => (await fetch(url + path, { headers })).json();
  const v1 = await read("/api/v1/sessions/s1");
  const conversations = await read("/api/conversations/s1");
  const simple = await read("/history/s1");
  const ui = (await read("/api/chat/s1/messages")) as UIMessage[];
  const resumed = await fetch(`${url}/api/v1/chat/stream?session_id=s1&after=${place}`, { headers });

  expect({
    openai: byOpenAI,
    useChat: textOf(chat.lastMessage),
    webSocket: contentOf(frames),
    eventSource: bySource.join(""),
    curl: answerIn(await collect(readEvents(new Response(stdout).body!))),
    resumed: answerIn(await collect(readEvents(resumed.body!))),
    conversation: conversation.map(({ data }) => JSON.parse(data).token ?? "").join(""),
    "v1 history": v1.messages[1].content,
    "conversations history": conversations.messages[1].content,
    "simple history": JSON.stringify(simple).includes(answer) ? answer : simple,
    "useChat history": textOf(ui[1]),
  }).toEqual({
    openai: answer,
    useChat: answer,
    webSocket: answer,
    eventSource: answer,
    curl: answer,
    resumed: answer,
    conversation: answer,
    "v1 history": answer,
    "conversations history": answer,
    "simple history": answer,
    "useChat history": answer,
  });
  expect(chat.lastMessage?.id).toBe(ui[1]?.id);
  expect(site.backend.calls).toHaveLength(1);
});

test("curl prints each protocol's stream as it comes, and its exit code says what failed", async () => {
  const { url } = await serve(says("Hello there"));
  const post = (path: string, body: object) =>
    curl("curl", [
      "-sN",
      "--fail",
      url + path,
      "-H",
      "Authorization: Bearer ada",
      "-H",
      "Content-Type: application/json",
      "-d",
      JSON.stringify(body),
    ]);
  const messages = [{ role: "user", content: "Hi" }];
  const said = { id: "m1", role: "user", parts: [{ type: "text", text: "Hi" }] };
  const bodies: [string, object, string][] = [
    ["/v1/chat/completions", { messages, stream: true }, "data: [DONE]\n\n"],
    ["/v1/responses", { input: "Hi", stream: true }, "\n\n"],
    ["/api/chat", { id: "c1", messages: [said], trigger: "submit-message" }, "data: [DONE]\n\n"],
    ["/api/v1/chat", { message: "Hi", session_id: "s1", stream: true }, 'data: {"message":"Stream completed"}\n\n'],
    ["/chat-stream", { message: "Hi", session_id: "s2" }, "Hello there"],
  ];
  for (const [path, body, end] of bodies) {
    const { stdout } = await post(path, body);
    expect(stdout.replaceAll(/^(id|event|retry): .*\n/gm, "")).toMatch(/Hello/);
    expect(stdout.endsWith(end), `${path}:\n${stdout}`).toBe(true);
  }
  // 22: the status was 400 or above.
  await expect(post("/v1/chat/completions", { messages, model: "none" })).rejects.toMatchObject({ code: 22 });
});
