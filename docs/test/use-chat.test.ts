import { fileURLToPath } from "node:url";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { createHandler } from "@parlor/http";
import { listener } from "@parlor/http/node";
import { listen } from "@parlor/testkit/http";
import { fakeOpenAI, text } from "@parlor/testkit/openai";
import { Window } from "happy-dom";
import { createElement } from "react";
import type { Root } from "react-dom/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { load, Page } from "../../examples/ai-sdk-usechat/page.tsx";
import { freePort, start } from "./run.ts";

const server = fileURLToPath(new URL("../../examples/ai-sdk-usechat/server.ts", import.meta.url));
const window = new Window({ url: "http://localhost:5173/" });
const globals = globalThis as unknown as Record<string, unknown>;
const { document } = window;

beforeAll(() => {
  // What React takes from a browser; requests are those of Node.
  for (const name of ["document", "HTMLIFrameElement", "FormData"] as const) globals[name] = window[name];
  globals["window"] = window;
});
afterAll(() => window.happyDOM.close());

/** A page of its own, as after a reload. */
async function show(api: string): Promise<Root> {
  const { createRoot } = await import("react-dom/client");
  document.body.innerHTML = "<div></div>";
  const root = createRoot(document.querySelector("div") as unknown as Element);
  root.render(createElement(Page, { api, id: "c1", stored: await load(api, "c1") }));
  return root;
}

const shown = () => [...document.querySelectorAll("p")].map(({ className, textContent }) => [className, textContent]);

const button = (label: string) =>
  [...document.querySelectorAll("button")].find(({ textContent }) => textContent === label);

/** Resolves once the page is so. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) {
    await new Promise<void>((resolve) => {
      const observer = new window.MutationObserver(() => {
        observer.disconnect();
        resolve();
      });
      observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
    });
  }
}

async function say(message: string): Promise<void> {
  await until(() => button("Send")?.disabled === false);
  const input = document.querySelector("input");
  if (input) input.value = message;
  button("Send")?.click();
}

test("ai-sdk-usechat: the page says, reloads in mid-answer, stops and asks again", async () => {
  const gate = Promise.withResolvers<void>();
  const backend = scriptedBackend((_, call) => {
    if (call > 0) return [{ type: "text", text: "Half an" }, { stall: true }];
    return [{ type: "text", text: "A book" }, { wait: gate.promise }, ...says(" for you.")];
  });
  const engine = createChatEngine({ backend });
  const auth = ({ headers }: { headers: { readonly [name: string]: string | undefined } }) =>
    headers["x-user"] === undefined ? undefined : { id: headers["x-user"] };
  const served = await listen(listener(createHandler(engine, { auth, groups: ["ui-stream"] })));
  const api = `${served.url}/api/chat`;
  const shows = async (answer: string) => {
    const expected = JSON.stringify([
      ["user", "Hello"],
      ["assistant", answer],
    ]);
    await until(() => JSON.stringify(shown()) === expected);
  };

  const page = await show(api);
  await say("Hello");
  await shows("A book");
  page.unmount();
  const reloaded = await show(api);
  await shows("A book");
  gate.resolve();
  await shows("A book for you.");
  await until(() => button("Again") !== undefined);
  button("Again")?.click();
  await shows("Half an");
  button("Stop")?.click();
  await until(() => button("Again") !== undefined);
  expect(shown()[1]).toEqual(["assistant", "Half an"]);
  expect(backend.calls).toHaveLength(2);
  reloaded.unmount();
  await served.close();
  await engine.close();
});

test("ai-sdk-usechat: the server lets the page's origin in", async () => {
  const provider = await fakeOpenAI({ reply: { steps: text("A book", " for you.") } });
  const port = await freePort();
  const env = { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: provider.url, PORT: String(port) };
  const app = await start(server, /listening/, env);
  const headers = { "content-type": "application/json", origin: "http://localhost:5173", "x-user": "ada" };
  const messages = [{ id: "m1", role: "user", parts: [{ type: "text", text: "Hello" }] }];
  const body = JSON.stringify({ id: "c1", messages, trigger: "submit-message" });
  const answer = await fetch(`http://127.0.0.1:${port}/api/chat`, { method: "POST", headers, body });
  expect(answer.headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
  expect(await answer.text()).toContain('{"type":"text-delta","id":"1","delta":"A book');
  expect(await app.stop()).toBe(0);
  await provider.close();
});
