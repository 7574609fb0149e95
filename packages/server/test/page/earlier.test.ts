import { says } from "@parlor/core/testing";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type Site, site } from "./site.ts";

const texts = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `Message ${from + index}`);

/** The page with a conversation of so many messages, and the requests for earlier ones that it has made. */
async function longConversation(count: number) {
  const { visit, engine }: Site = await site(says("Hello there"), { auth: () => ({ id: "ada" }) });
  const key = { owner: "ada", id: "long" };
  await engine.sessions.create(key, { title: "Long" });
  for (const [at, text] of texts(0, count).entries())
    await engine.sessions.add(key, { role: at % 2 === 0 ? "user" : "assistant", text });
  const visited = await visit();
  const asked: string[] = [];
  visited.page.on("request", (request) => {
    const { searchParams } = new URL(request.url());
    if (searchParams.has("before")) asked.push(request.url());
  });
  await visited.page.locator("#conversations a").getByText("Long").click();
  await visited.shows(`Message ${count - 1}`);
  return { ...visited, asked };
}

/** Scrolls to the first message there is, and says where on the screen it is then. */
const toTop = (page: Page) =>
  page.evaluate(() => {
    const scroll = document.querySelector("#scroll");
    scroll?.scrollTo(0, -scroll.scrollHeight);
    return document.querySelector("#messages li")?.getBoundingClientRect().top;
  });

const untilThere = (page: Page, count: number) =>
  page.waitForFunction((wanted) => document.querySelectorAll("#messages li").length === wanted, count);

test("who scrolls to the top gets earlier messages, in order, up to the first; what one reads does not move", async () => {
  const { page, messages, asked } = await longConversation(450);
  expect(await messages()).toEqual(texts(250, 450));
  expect(asked).toEqual([]);
  const top = await toTop(page);
  await untilThere(page, 400);
  expect(await messages()).toEqual(texts(50, 450));
  const item = page.locator("#messages li").filter({ hasText: "Message 250" });
  expect(await item.evaluate((element) => element.getBoundingClientRect().top)).toBe(top);
  expect(await page.locator("#earlier").isVisible()).toBe(true);
  await toTop(page);
  await untilThere(page, 450);
  expect(await messages()).toEqual(texts(0, 450));
  expect(await page.locator("#earlier").isVisible()).toBe(false);
  expect(asked).toHaveLength(2);
});

test("what was loaded of earlier messages stays through the next answer, with nothing lost or twice", async () => {
  const { page, say, shows, messages, asked } = await longConversation(402);
  await toTop(page);
  await untilThere(page, 400);
  await say("Good morning");
  await shows("Hello there");
  await page.locator("#send").waitFor();
  expect(await messages()).toEqual([...texts(2, 402), "Good morning", "Hello there"]);
  await toTop(page);
  await untilThere(page, 404);
  expect(await messages()).toEqual([...texts(0, 402), "Good morning", "Hello there"]);
  expect(asked).toHaveLength(2);
});

test("earlier messages that could not be had come by the button", async () => {
  const { page, messages, problem, complaints } = await longConversation(210);
  await page.route(/before=/, (route) => route.abort());
  await toTop(page);
  await page.locator("#problem:not(:empty)").waitFor();
  expect(await problem()).toBe("The server cannot be reached.");
  expect(complaints.splice(0).filter((text) => !text.includes("ERR_"))).toEqual([]);
  await page.unroute(/before=/);
  await page.locator("#earlier").click();
  await untilThere(page, 210);
  expect(await messages()).toEqual(texts(0, 210));
  expect(await problem()).toBe("");
});

test("another conversation begins with its own last messages, and a short one asks for no more", async () => {
  const { page, say, shows, messages, asked } = await longConversation(210);
  await toTop(page);
  await untilThere(page, 210);
  await page.locator("#new").click();
  await say("First");
  await shows("Hello there");
  await page.locator("#send").waitFor();
  expect(await messages()).toEqual(["First", "Hello there"]);
  expect(await page.locator("#earlier").isVisible()).toBe(false);
  await page.goBack();
  await page.goBack();
  await shows("Message 209");
  expect(await messages()).toEqual(texts(10, 210));
  await toTop(page);
  await untilThere(page, 210);
  expect(asked).toHaveLength(2);
});

test("where messages are hidden, asking once finds the end, and leaves the sentence about what failed", async () => {
  const { visit } = await site([{ fail: new Error("secret of the upstream") }]);
  const { page, say, messages, problem, complaints } = await visit();
  const asked = page.waitForResponse(/before=/);
  await say("Count");
  await asked;
  await page.locator("#earlier").waitFor({ state: "hidden" });
  await page.locator("#problem:not(:empty)").waitFor();
  expect(await problem()).toMatch(/^[A-Z].*\.$/);
  expect(await messages()).toEqual(["Count"]);
  expect(complaints.splice(0).filter((text) => !text.includes("502"))).toEqual([]);
});
