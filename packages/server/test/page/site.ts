import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type ChatEngine, createChatEngine } from "@parlor/core";
import { type ScriptedBackend, scriptedBackend, type Step } from "@parlor/core/testing";
import { createHandler, type HandlerOptions } from "@parlor/http";
import { attach, listener, type NodeIncoming } from "@parlor/http/node";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from "vitest";
import { launch, noBrowser } from "../../../docs-ui/test/chromium.ts";
import { chatPage } from "../../src/chat-page.ts";

export interface Site {
  /** Of the mount path. */
  readonly url: string;
  readonly engine: ChatEngine;
  readonly backend: ScriptedBackend;
  /** Cuts every connection; the server goes on. */
  readonly cut: () => void;
  /** A browser window of its own, with nothing of others. */
  readonly visit: () => Promise<Visit>;
}

export interface Visit {
  readonly page: Page;
  /** What the page's console complained about. */
  readonly complaints: string[];
  readonly list: () => Promise<string[]>;
  /** The messages as they are shown, without their author. */
  readonly messages: () => Promise<string[]>;
  readonly say: (message: string) => Promise<void>;
  /** Waits for it as a message, whole. */
  readonly shows: (message: string) => Promise<void>;
  readonly problem: () => Promise<string | null>;
}

/** One for all tests of the file that imports this. */
let browser: Browser;
beforeAll(async () => {
  if (noBrowser === undefined) browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});
beforeEach(({ skip }) => {
  if (noBrowser !== undefined) skip(noBrowser);
});

type Script = Parameters<typeof scriptedBackend>[0];

/** The chat page below /ai, before a model that says what it is told, for one test. */
export async function site(
  script: Script,
  options: HandlerOptions<NodeIncoming> = { access: "public", sharedAnonymous: true },
  prefix = "/ai",
): Promise<Site> {
  const backend = scriptedBackend(script);
  const engine = createChatEngine({ backend });
  const handler = createHandler<NodeIncoming>(engine, { ...options, rootPage: await chatPage() });
  const server = createServer(listener(handler, prefix === "" ? {} : { prefix }));
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const detach = attach(server, { path: prefix });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    detach();
    server.closeAllConnections();
    server.close();
    await engine.close({ drainMs: 0 });
  });
  return {
    url: origin + prefix,
    engine,
    backend,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    visit: () => visit(origin, prefix),
  };
}

async function visit(origin: string, prefix: string): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:") && !request.url().startsWith(origin + prefix)) elsewhere.push(request.url());
  });
  onTestFinished(async () => {
    await context.close();
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });
  await page.goto(origin + prefix);
  return {
    page,
    complaints,
    list: () => page.locator("#conversations a").allInnerTexts(),
    messages: () => page.locator("#messages .text").allTextContents(),
    async say(message) {
      await page.locator("#message").fill(message);
      await page.locator("#message").press("Enter");
    },
    shows: (message) => page.locator("#messages .text").getByText(message, { exact: true }).last().waitFor(),
    problem: () => page.locator("#problem").textContent(),
  };
}

/** An answer whose second half comes when it is let go. */
export function halves(first: string, second: string): { readonly steps: readonly Step[]; readonly letGo: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const words = (text: string): Step[] => (text.match(/\s*\S+/g) ?? []).map((word) => ({ type: "text", text: word }));
  const end: Step = { type: "finish", reason: "stop" };
  return { steps: [...words(first), { wait: promise }, ...words(second), end], letGo: () => resolve() };
}
