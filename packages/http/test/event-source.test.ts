import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { EventSource } from "eventsource";
import { expect, test } from "vitest";
import { createHandler } from "../src/index.ts";
import { listener } from "../src/node/index.ts";

/** Breaks the connection amid the second event, unless the end is near. Has the client come back at once. */
function cutAmidSecondEvent(outgoing: ServerResponse): void {
  const write = outgoing.write.bind(outgoing) as (chunk: string, sent?: () => void) => boolean;
  let events = 0;
  outgoing.write = ((chunk: string) => {
    const [first = "", ...rest] = chunk.replace(/^retry: \d+/m, "retry: 1").split(/(?=event: )/);
    if (events > 1) return false;
    if (rest.at(-1)?.startsWith("event: done") && rest.length <= 2) return write(first + rest.join(""));
    for (const part of [first, ...rest]) {
      if (!part.startsWith("event: ")) write(part);
      else if ((events += 1) === 1) write(part);
      else return write(part.slice(0, -5), () => outgoing.destroy());
    }
    return true;
  }) as ServerResponse["write"];
}

test("an EventSource that is cut again and again gets every chunk once, and stops when it has been told the end", async () => {
  const backend = scriptedBackend(says("one two three four five six seven eight"));
  const engine = createChatEngine({ backend });
  const handle = listener(createHandler(engine, { access: "public", sharedAnonymous: true }));
  const requests: (string | undefined)[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(incoming.headers["last-event-id"] as string | undefined);
    cutAmidSecondEvent(outgoing);
    handle(incoming, outgoing);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const { port } = server.address() as AddressInfo;
  const source = new EventSource(`http://127.0.0.1:${port}/api/v1/chat/stream?message=Hi&session_id=s1`);
  const chunks: { content: string; chunk_id: number; is_final: boolean }[] = [];
  source.addEventListener("chunk", ({ data }) => chunks.push(JSON.parse(data)));
  const done = once(source as never, "done");
  const stopped = new Promise<void>((resolve) => {
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) resolve();
    });
  });
  await done;
  await stopped;

  expect(chunks.map(({ content }) => content).join("")).toBe("one two three four five six seven eight");
  expect(chunks.map(({ chunk_id }) => chunk_id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(requests.length).toBeGreaterThan(7);
  expect(backend.calls).toHaveLength(1);
  server.closeAllConnections();
  server.close();
  await engine.close();
});
