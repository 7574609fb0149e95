import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { repliesOf } from "@parlor/testkit/openai";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";
import { emptyFolder, runCli, urlOf } from "../support/cli.ts";
import { fakeModel } from "../support/serve.ts";

interface Chunk {
  readonly content: string;
  readonly message_id: string;
  readonly chunk_id: number;
}
interface Stored {
  readonly id: string;
  readonly role: string;
  readonly content: string;
}

/** An EventSource on a turn of v1, and what it has been told. */
function listenTo(url: string) {
  const source = new EventSource(url);
  onTestFinished(() => source.close());
  const chunks: Chunk[] = [];
  source.addEventListener("chunk", ({ data }) => chunks.push(JSON.parse(data) as Chunk));
  const events = source as never;
  return { source, chunks, text: () => chunks.map(({ content }) => content).join(""), events };
}

test(
  "the server is killed with -9 in the middle of an answer: its EventSource comes back to the next one, and the history has all it saw",
  { timeout: 90_000 },
  async () => {
    const { fake, variables } = await fakeModel();
    const folder = emptyFolder();
    const first = runCli(variables, [], folder);
    const url = await urlOf(first);
    const environment = { ...variables, PORT: new URL(url).port };
    fake.next({ ...repliesOf(50, 1), wire: { perWrite: 1, cut: { at: 2_000, how: "stall" } } });
    const { source, chunks, text, events } = listenTo(`${url}/api/v1/chat/stream?message=Count&session_id=s1`);
    while (!text().includes("tok3")) await once(events, "chunk");
    const seen = text();
    first.process.kill("SIGKILL");
    await first.exited;

    const ended = new Promise<string>((resolve) => {
      source.addEventListener("done", () => resolve("done"));
      source.addEventListener("error", (event) => {
        const { data } = event as unknown as { data?: string };
        if (data !== undefined) resolve(data);
      });
    });
    const second = runCli(environment, [], folder);
    expect(await urlOf(second)).toBe(url);
    expect(await ended).toMatch(/^done$|"code":"/);
    source.close();
    expect(text().startsWith(seen)).toBe(true);
    expect(chunks.map(({ chunk_id: id }) => id)).toEqual(chunks.map((_, index) => index));

    const session = (await (await fetch(`${url}/api/v1/sessions/s1`)).json()) as { messages: Stored[] };
    expect(session.messages).toMatchObject([
      { role: "user", content: "Count" },
      { role: "assistant", id: chunks[0]?.message_id, content: text() },
    ]);
    expect(fake.requests).toHaveLength(1);
  },
);

/** A way to a server that can be cut; new connections get through. */
async function wayTo(url: string) {
  const sockets = new Set<Socket>();
  const way = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    for (const socket of [near, far]) sockets.add(socket.on("error", () => {}));
    near.pipe(far).pipe(near);
  }).listen(0, "127.0.0.1");
  await once(way, "listening");
  const cut = () => sockets.forEach((socket) => socket.destroy());
  onTestFinished(() => {
    cut();
    way.close();
  });
  return { url: `http://127.0.0.1:${(way.address() as AddressInfo).port}`, cut };
}

test("a connection that breaks in the middle is taken up: every chunk comes once", async () => {
  const { fake, variables } = await fakeModel();
  fake.next(repliesOf(40, 1, 25));
  const way = await wayTo(await urlOf(runCli(variables)));
  const { chunks, text, events, source } = listenTo(`${way.url}/api/v1/chat/stream?message=Count&session_id=s1`);
  while (!text().includes("tok3")) await once(events, "chunk");
  way.cut();
  await once(events, "error");
  expect(source.readyState).toBe(EventSource.CONNECTING);
  await once(events, "done");
  expect(text()).toBe(Array.from({ length: 40 }, (_, index) => ` tok${index}`).join(""));
  expect(chunks.map(({ chunk_id: id }) => id)).toEqual(chunks.map((_, index) => index));
  const { messages } = (await (await fetch(`${way.url}/history/s1`)).json()) as { messages: Stored[] };
  expect(messages.map(({ content }) => content)).toEqual(["Count", text()]);
  expect(fake.requests).toHaveLength(1);
});
