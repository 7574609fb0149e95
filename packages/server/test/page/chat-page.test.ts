import { says } from "@parlor/core/testing";
import type { HttpRequest } from "@parlor/http";
import { expect, test } from "vitest";
import { halves, site } from "./site.ts";

const auth = ({ headers }: HttpRequest) => (headers["authorization"] === "Bearer ada" ? { id: "ada" } : undefined);

test.for(["", "/ai"])("mounted at '%s': what is said is answered, and is there after a reload", async (prefix) => {
  const { visit } = await site(says("Hello there"), undefined, prefix);
  const { page, say, shows, messages, list } = await visit();
  await say("Good morning");
  await shows("Hello there");
  await page.locator("#conversations a[aria-current]").getByText("Good morning").waitFor();
  expect(await list()).toEqual(["Good morning"]);
  await page.reload();
  await shows("Hello there");
  expect(await messages()).toEqual(["Good morning", "Hello there"]);
  expect(await page.locator("#title").innerText()).toBe("Good morning");
});

test("an answer is shown while it comes, and goes on after a reload with nothing lost or twice", async () => {
  const { steps, letGo } = halves("One two", " three four");
  const { visit, backend } = await site(steps);
  const { page, say, shows, messages } = await visit();
  await say("Count");
  await shows("One two");
  await page.reload();
  await shows("One two");
  expect(await messages()).toEqual(["Count", "One two"]);
  letGo();
  await shows("One two three four");
  await page.locator("#send").waitFor();
  expect(await messages()).toEqual(["Count", "One two three four"]);
  expect(backend.calls).toHaveLength(1);
});

test("a connection that breaks in the middle is taken up where it broke", async () => {
  const { steps, letGo } = halves("One two", " three four");
  const { visit, cut, backend } = await site(steps);
  const { page, say, shows, messages, complaints } = await visit();
  await say("Count");
  await shows("One two");
  const texts: string[] = [];
  await page.exposeFunction("tell", (text: string) => texts.push(text));
  await page.evaluate(() => {
    const { tell } = window as unknown as { tell: (text: string) => void };
    const look = () => tell(document.querySelector("#messages .assistant .text")?.textContent ?? "");
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
  const resumed = page.waitForRequest((request) => request.headers()["last-event-id"] !== undefined);
  cut();
  await resumed;
  letGo();
  await shows("One two three four");
  await page.locator("#send").waitFor();
  expect(await messages()).toEqual(["Count", "One two three four"]);
  expect(texts.filter((text) => !"One two three four".startsWith(text))).toEqual([]);
  expect(backend.calls).toHaveLength(1);
  expect(complaints.splice(0).filter((text) => !text.includes("ERR_"))).toEqual([]);
});

test("Stop keeps what there is, Regenerate replaces it", async () => {
  const { steps } = halves("One two", " three four");
  const { visit } = await site((_, call) => (call === 0 ? steps : says("Something else")));
  const { page, say, shows, messages } = await visit();
  await say("Count");
  await shows("One two");
  await page.locator("#stop").click();
  await page.locator("#messages .note").getByText("Stopped.").waitFor();
  expect(await messages()).toEqual(["Count", "One two"]);
  await page.locator("#regenerate").click();
  await shows("Something else");
  await page.locator("#send").waitFor();
  expect(await messages()).toEqual(["Count", "Something else"]);
});

test("several conversations: begun, chosen, renamed, deleted", async () => {
  const { visit } = await site(says("Hello there"));
  const { page, say, shows, messages, list } = await visit();
  await say("First");
  await page.locator("#conversations a").getByText("First").waitFor();
  await page.locator("#new").click();
  expect(await messages()).toEqual([]);
  await say("Second");
  await page.locator("#conversations a").getByText("Second").waitFor();
  expect(await list()).toEqual(["Second", "First"]);
  await page.locator("#conversations a").getByText("First").click();
  await shows("First");
  page.once("dialog", (dialog) => void dialog.accept("The first"));
  await page.locator("#rename").click();
  await page.locator("#conversations a[aria-current]").getByText("The first").waitFor();
  page.once("dialog", (dialog) => void dialog.accept());
  await page.locator("#delete").click();
  await page.locator("#conversations a").getByText("The first").waitFor({ state: "detached" });
  expect(await list()).toEqual(["Second"]);
  expect(await messages()).toEqual([]);
  expect(new URL(page.url()).hash).toBe("");
});

test("an answer that is left for another conversation is there on return, and never shown in the other one", async () => {
  const { steps, letGo } = halves("One two", " three four");
  const { visit } = await site((_, call) => (call === 0 ? says("Hello") : steps));
  const { page, say, shows, messages } = await visit();
  await say("First");
  await page.locator("#conversations a").getByText("First").waitFor();
  await page.locator("#new").click();
  await say("Second");
  await shows("One two");
  await page.locator("#conversations a").getByText("First").click();
  await shows("Hello");
  await page.goBack();
  await shows("One two");
  letGo();
  await shows("One two three four");
  expect(await messages()).toEqual(["Second", "One two three four"]);
});

test("whoever must log in is asked for a token, which this tab keeps and no other", async () => {
  const { visit } = await site(says("Hello there"), { auth });
  const { page, say, shows, complaints, problem } = await visit();
  await page.locator("#token").fill("eve");
  await page.locator("#token").press("Enter");
  await page.locator("#problem").getByText("Send valid credentials").waitFor();
  await page.locator("#token").fill("ada");
  await page.locator("#token").press("Enter");
  await say("Good morning");
  await shows("Hello there");
  expect(await problem()).toBe("");
  await page.reload();
  await shows("Hello there");
  expect(await page.evaluate(() => [Object.values(sessionStorage), localStorage.length, document.cookie])).toEqual([
    ["ada"],
    0,
    "",
  ]);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator("#token").waitFor();
  expect(complaints.splice(0).filter((text) => !text.includes("401"))).toEqual([]);
});

test("what fails is said in a sentence, and what was not taken is not lost", async () => {
  const script = () => [{ type: "text", text: "One" } as const, { fail: new Error("secret of the upstream") }];
  const { visit } = await site(script, { access: "public", sharedAnonymous: true });
  const { page, say, complaints, problem } = await visit();
  await say("Count");
  await page.locator("#problem:not(:empty)").waitFor();
  expect(await problem()).toMatch(/^[A-Z].*\.$/);
  expect(await problem()).not.toContain("secret");
  await page.locator("#messages .note").getByText("Not complete").waitFor();
  const long = "x".repeat(32_001);
  await say(long);
  await page.locator("#problem").getByText("content").waitFor();
  await page.locator("#send").waitFor();
  expect(await page.locator("#message").inputValue()).toBe(long);
  expect(complaints.splice(0).filter((text) => !text.includes("422"))).toEqual([]);
});

test("T27: markup and Markdown of a model, a person or a title stay text, and load nothing", async () => {
  const hostile = `<img src=x onerror="document.title='owned'"> <script>document.title='owned'</script> ![](https://evil.example/?q=1)\u2028data: x`;
  const { visit } = await site([
    { type: "reasoning", text: hostile },
    { type: "text", text: hostile },
    { type: "finish", reason: "stop" },
  ]);
  const { page, say, shows, messages, list } = await visit();
  await say(hostile);
  await shows(hostile);
  await page.locator("#send").waitFor();
  await page.reload();
  await shows(hostile);
  expect(await messages()).toEqual([hostile, hostile]);
  expect((await list())[0]).toContain("<img src=x");
  expect(await page.locator("main img, main script, nav img").count()).toBe(0);
  expect(await page.title()).toBe("chatbot-api");
});

test("the page works by keyboard alone", async () => {
  const { visit } = await site(says("Hello there"));
  const { page, shows } = await visit();
  await page.locator("#message:focus").waitFor();
  await page.keyboard.type("Line one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("line two");
  await page.keyboard.press("Enter");
  await shows("Hello there");
  expect(await page.locator("#messages .user .text").textContent()).toBe("Line one\nline two");
  await page.locator("#conversations a").waitFor();
  await page.locator("#new").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("#messages li").length === 0);
  await page.locator("#message:focus").waitFor();
});
