import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { says } from "@parlor/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { site } from "./site.ts";

/** A page of another origin, with nothing on it. */
async function foreignPage(): Promise<string> {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const words = "one two three four";

test("the browser's own EventSource reads a turn to its end, and does not begin another", async () => {
  const { visit, url, backend } = await site(says(words));
  const { page } = await visit();
  const text = await page.evaluate(
    (address) =>
      new Promise<string>((resolve) => {
        const source = new EventSource(address);
        let said = "";
        source.addEventListener("chunk", ({ data }) => (said += (JSON.parse(data) as { content: string }).content));
        source.addEventListener("error", () => {
          if (source.readyState === EventSource.CLOSED) resolve(said);
        });
      }),
    `${url}/api/v1/chat/stream?message=Hello&session_id=s1`,
  );
  expect(text).toBe(words);
  expect(backend.calls).toHaveLength(1);
});

/** Says something over a WebSocket; the answer, or why there is none. */
const overSocket = (address: string) =>
  new Promise<string>((resolve) => {
    const socket = new WebSocket(address);
    let said = "";
    socket.addEventListener("open", () => socket.send(JSON.stringify({ message: "Hello", session_id: "s2" })));
    socket.addEventListener("error", () => resolve("refused"));
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const frame = JSON.parse(data) as { content: string; is_final: boolean };
      said += frame.content;
      if (frame.is_final) resolve(said);
    });
  });

test("T18: the browser's own WebSocket is let in from this origin and from a listed one, not from another", async () => {
  const listed = await foreignPage();
  const options = { access: "public", sharedAnonymous: true, cors: { origins: [listed] } } as const;
  const { visit, url } = await site(says(words), options);
  const address = `${url.replace("http", "ws")}/api/v1/chat/ws`;
  const { page } = await visit();
  expect(await page.evaluate(overSocket, address)).toBe(words);
  const other = await page.context().newPage();
  await other.goto(listed);
  expect(await other.evaluate(overSocket, address)).toBe(words);
  await other.goto(await foreignPage());
  expect(await other.evaluate(overSocket, address)).toBe("refused");
});
