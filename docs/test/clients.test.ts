import { mkdirSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { createHandler } from "@parlor/http";
import { attach, listener } from "@parlor/http/node";
import { listen } from "@parlor/testkit/http";
import { expect, test } from "vitest";
import { blocks } from "./markdown.ts";
import { run } from "./run.ts";

const clients = blocks().filter(({ language }) => language === "js");
const [socketClient] = blocks().filter(({ language }) => language === "ts client");
const generated = new URL("generated/", import.meta.url);

/** A browser has EventSource, and its page stays open while that waits to come back. */
const inPlaceOfBrowser = [
  'import { EventSource } from "eventsource";\n',
  'const open = setInterval(() => {}, 1000);\nsource.addEventListener("done", () => clearInterval(open));\n',
] as const;

test("there is a client by EventSource and one by fetch", () => {
  expect(clients.map(({ code }) => /EventSource\(|fetch\(/.exec(code)?.[0])).toEqual(["EventSource(", "fetch("]);
});

test.for(clients)("$at reads an answer once and whole over a connection that breaks", async ({ at, code }) => {
  const backend = scriptedBackend(says("Hello from the model."));
  const engine = createChatEngine({ backend });
  const handler = createHandler(engine, { auth: ({ headers }) => ({ id: headers["x-user"] ?? "guest" }) });
  const chat = listener(handler, { prefix: "/ai" });
  let connections = 0;
  const served = await listen((request, response) => {
    connections += 1;
    if (connections === 1) {
      const write = response.write.bind(response) as (text: string) => boolean;
      response.write = (text: string) => {
        if (!text.includes("event: chunk")) return write(text);
        const [first = ""] = text.split("event: chunk").slice(1);
        write(`event: chunk${first}`);
        response.socket?.end();
        return true;
      };
    }
    chat(request, response);
  });

  mkdirSync(generated, { recursive: true });
  const file = fileURLToPath(new URL(`${at.replaceAll(/\W/g, "-")}.mjs`, generated));
  const [before, after] = code.includes("EventSource(") ? inPlaceOfBrowser : ["", ""];
  writeFileSync(file, before + code.replaceAll("http://127.0.0.1:3000", served.url) + after);
  const { code: exit, output } = await run(process.execPath, [file]);
  expect(output.replaceAll("\n", "")).toBe("Hello from the model.");
  expect(exit).toBe(0);
  expect(connections).toBeGreaterThan(1);
  expect(backend.calls).toHaveLength(1);
  await served.close();
  await engine.close();
});

test("the WebSocket client reads an answer once and whole over a connection that breaks", async () => {
  const backend = scriptedBackend(says("Hello from the model."));
  const engine = createChatEngine({ backend });
  const auth = ({ headers }: { headers: { readonly [name: string]: string | undefined } }) =>
    headers["authorization"] === "Bearer ada" ? { id: "ada" } : undefined;
  let connections = 0;
  const served = await listen(listener(createHandler(engine, { auth }), { prefix: "/ai" }), (server) => {
    attach(server, { path: "/ai" });
    server.on("connection", (connection: Socket) => {
      connections += 1;
      if (connections > 1) return;
      const write = connection.write.bind(connection) as (chunk: Uint8Array) => boolean;
      connection.write = (chunk: Uint8Array) => {
        if (!Buffer.from(chunk).includes('"chunk_id":1')) return write(chunk);
        connection.destroy();
        return false;
      };
    });
  });
  mkdirSync(generated, { recursive: true });
  const file = fileURLToPath(new URL("socket-client.ts", generated));
  writeFileSync(file, (socketClient?.code ?? "").replace("ws://127.0.0.1:3000", served.url.replace("http", "ws")));
  const { code: exit, output } = await run(process.execPath, [file]);
  expect(output).toBe("Hello from the model.");
  expect(exit).toBe(0);
  expect(connections).toBe(2);
  expect(backend.calls).toHaveLength(1);
  await served.close();
  await engine.close();
});
