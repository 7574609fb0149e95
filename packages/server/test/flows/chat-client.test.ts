import { failure, repliesOf, text } from "@parlor/testkit/openai";
import { expect, test } from "vitest";
import { fakeModel, serve } from "../support/serve.ts";

interface Failed {
  readonly detail: string;
}

/** As a user of the simple API writes it: one session, and nothing but fetch. */
class ChatClient {
  private readonly url: string;
  private readonly session: string;

  constructor(url: string, session: string) {
    this.url = url;
    this.session = session;
  }

  async chat(message: string) {
    const reply = await this.post("/chat", { message, session_id: this.session });
    return (await reply.json()) as { response: string; turn_count: number; llm_provider: string; model: string };
  }

  async *stream(message: string): AsyncGenerator<string> {
    const reply = await this.post("/chat-stream", { message, session_id: this.session });
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  }

  history = () =>
    this.get<{ messages: { role: string; content: string }[]; turn_count: number }>(`/history/${this.session}`);
  sessions = () => this.get<{ sessions: { session_id: string; turns: number }[] }>("/sessions");
  stats = () => this.get<{ total_sessions: number; total_messages: number }>("/stats");
  reset = async () => (await this.post(`/reset/${this.session}`)).json() as Promise<{ status: string }>;

  private async get<T>(path: string): Promise<T> {
    return (await this.checked(await fetch(this.url + path))).json() as Promise<T>;
  }

  private async post(path: string, body?: object): Promise<Response> {
    const headers = { "Content-Type": "application/json" };
    return this.checked(await fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) ?? null }));
  }

  private async checked(response: Response): Promise<Response> {
    if (!response.ok) throw new Error(((await response.json()) as Failed).detail);
    return response;
  }
}

test("the JavaScript client of the simple API: chat, stream, history, reset, sessions, stats", async () => {
  const { fake, variables } = await fakeModel();
  fake.next({ steps: text("Hello from the fake.") }, repliesOf(30, 1));
  const { url } = await serve(variables);
  const client = new ChatClient(url, "user-1");
  await expect(client.history()).rejects.toThrow("Session not found");
  expect(await client.chat("Hello")).toMatchObject({ turn_count: 1, llm_provider: "openai", model: "gpt-5-mini" });

  const pieces: string[] = [];
  for await (const piece of client.stream("Count")) pieces.push(piece);
  const counted = Array.from({ length: 30 }, (_, index) => ` tok${index}`).join("");
  expect(pieces.join("")).toBe(counted);

  const { messages, turn_count: turns } = await client.history();
  expect(turns).toBe(2);
  expect(messages.slice(2)).toEqual([
    { role: "user", content: "Count" },
    { role: "assistant", content: counted },
  ]);
  await new ChatClient(url, "user-2").chat("Hi");
  expect((await client.sessions()).sessions).toMatchObject([
    { session_id: "user-2", turns: 1 },
    { session_id: "user-1", turns: 2 },
  ]);
  expect(await client.stats()).toMatchObject({ total_sessions: 2, total_messages: 6 });
  expect(await client.reset()).toEqual({ status: "reset", session_id: "user-1", previous_turns: 2 });
  expect(await client.history()).toMatchObject({ messages: [], turn_count: 0 });
});

test("a failure reaches the client as a sentence, before the stream as an error and in it as its last line", async () => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  const client = new ChatClient(url, "user-1");
  await expect(client.chat("")).rejects.toThrow(/^message: /);
  fake.next(failure(401, { message: "Incorrect API key provided: sk-secret" }));
  await expect(client.stream("Hello").next()).rejects.toThrow(/^(?!.*sk-secret)openai refused.*\.$/);
  fake.next({ ...repliesOf(10, 1), wire: { perWrite: 1, cut: { at: 1_500, how: "fin" } } });
  let said = "";
  for await (const piece of client.stream("Count")) said += piece;
  expect(said).toMatch(/^( tok\d)+\nError: openai stopped before its answer was done\.$/);
});
