import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ChatEngine, createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { createHandler, type HandlerOptions, type HttpRequest } from "@parlor/http";
import { listener, type NodeIncoming } from "@parlor/http/node";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { docsUi } from "../src/index.ts";
import { launch, noBrowser } from "./chromium.ts";

interface Description {
  readonly info: { readonly title: string };
  readonly paths: { readonly [path: string]: { readonly [method: string]: { readonly operationId: string } } };
}

let engine: ChatEngine;
let url: string;
let browser: Browser | undefined;
let page: Page;
/** What the page's console said that is no chatter. */
let complaints: string[];
let requested: string[];
const server = createServer();

const auth = ({ headers }: HttpRequest) => (headers["authorization"] === "Bearer ada" ? { id: "ada" } : undefined);

/** Parlor twice in one server: whole below /one, two groups of it below /two. */
beforeAll(async () => {
  engine = createChatEngine({ backend: scriptedBackend(says("Hello there")) });
  const docs = docsUi();
  const mount = (prefix: string, options: HandlerOptions<NodeIncoming>, notFound?: ReturnType<typeof listener>) =>
    listener(createHandler<NodeIncoming>(engine, { auth, docs, ...options }), {
      prefix,
      ...(notFound && { notFound }),
    });
  const second = mount("/two", { groups: ["simple", "system"], service: "second <b>", rootPage: "docs" });
  server.on("request", mount("/one", {}, second));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = noBrowser === undefined ? await launch() : undefined;
});
afterAll(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
  await engine.close();
});

beforeEach(async ({ skip }) => {
  if (!browser) return skip(noBrowser);
  page = await browser.newPage();
  complaints = [];
  requested = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => requested.push(request.url()));
});
afterEach(async () => {
  await page?.close();
});

async function describe(mount: string): Promise<{ readonly title: string; readonly operations: string[] }> {
  const { info, paths } = (await (await fetch(`${url}${mount}/openapi.json`)).json()) as Description;
  const operations = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  return { title: info.title, operations };
}

function expectNoOtherHost(): void {
  const elsewhere = requested.filter((address) => !address.startsWith(url) && !address.startsWith(`blob:${url}`));
  expect(elsewhere.filter((address) => !address.startsWith("data:"))).toEqual([]);
  expect(complaints).toEqual([]);
}

/** Swagger UI's element of an operation. */
const block = (operation: string) => page.locator(`[id$="-${operation}"].opblock`);

test.for(["/one/docs", "/two/docs/", "/two"])("%s: Swagger UI shows every operation", async (path) => {
  const { title, operations } = await describe(path.slice(0, 4));
  await page.goto(url + path);
  await page.locator(".opblock").first().waitFor();
  expect(await page.title()).toBe(title);
  expect(await page.locator(".opblock").count()).toBe(operations.length);
  for (const operation of operations) expect(await block(operation).isVisible()).toBe(true);
  await block("postChat").locator(".opblock-summary-control").click();
  await block("postChat").locator(".responses-wrapper .response").first().waitFor();
  expectNoOtherHost();
});

test.for(["/one/redoc", "/two/redoc/"])("%s: ReDoc shows every operation", async (path) => {
  const { title, operations } = await describe(path.slice(0, 4));
  await page.goto(url + path);
  expect(await page.title()).toBe(title);
  for (const operation of operations) await page.locator(`[id$="/operation/${operation}"]`).first().waitFor();
  await page.locator("input[type=text]").fill("unknown user's history");
  await page.locator('[data-role="search:results"]').waitFor();
  expectNoOtherHost();
});

test("Authorize, then Try it out: 401 without the token, 200 with it", async () => {
  await page.goto(`${url}/one/docs`);
  const sessions = block("getSessions");
  const shown = (selector: string, text: string) =>
    sessions.locator(`.live-responses-table .response ${selector}`, { hasText: text }).first().waitFor();
  const execute = async () => {
    const answered = page.waitForResponse(`${url}/one/sessions*`);
    await sessions.locator(".execute").click();
    return (await answered).status();
  };
  await sessions.locator(".opblock-summary-control").click();
  await sessions.locator(".try-out__btn").click();
  expect(await execute()).toBe(401);
  await shown(".response-col_status", "401");
  expect(complaints.splice(0)).toEqual([expect.stringContaining("401")]);

  await page.locator(".auth-wrapper .authorize").first().click();
  await page.locator(".modal-ux input").fill("ada");
  await page.locator(".modal-ux .auth-btn-wrapper .authorize").click();
  await page.locator(".modal-ux .btn-done").click();
  expect(await execute()).toBe(200);
  await shown(".response-col_status", "200");
  await shown(".response-col_description", '"sessions"');
  expectNoOtherHost();
});
