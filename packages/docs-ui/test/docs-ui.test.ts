import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { foreignLogo, pathOf, sources } from "../src/files.ts";
import { docsUi } from "../src/index.ts";

const links = { title: "chat", description: "/ai/openapi.json", files: "/ai/docs" };
const pages = ["docs", "redoc"] as const;

test.for(Object.entries(sources))("%s is there, and says what it is", async ([name, { type }]) => {
  const file = await docsUi().file(name);
  expect(file?.bytes.length).toBeGreaterThan(10);
  expect(file?.type).toBe(type);
  expect(file?.etag).toMatch(/^"[\w-]{43}"$/);
});

test.for(["", "../package.json", "page.css/", "__proto__", "constructor"])("there is no file '%s'", async (name) => {
  expect(await docsUi().file(name)).toBeUndefined();
});

test.for(pages)("%s loads files that are there, and runs no script of its own", async (name) => {
  const ui = docsUi();
  const { html } = ui.page(name, links);
  const loaded = [...html.matchAll(/(?:src|href)="\/ai\/docs\/([^"]+)"/g)].map(([, file = ""]) => file);
  expect(loaded.length).toBeGreaterThan(2);
  for (const file of loaded) expect(await ui.file(file)).toBeDefined();
  expect(html).not.toMatch(/<script(?! src=)|<style|style=| on\w+=/);
});

test.for(pages)("%s allows nothing that others could send", (name) => {
  const { policy } = docsUi().page(name, links);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});

test.for(pages)("%s takes a title and a prefix for text", (name) => {
  const hostile = `"><script>alert('1')</script>&`;
  const { html } = docsUi().page(name, { title: hostile, description: hostile, files: hostile });
  expect(html).not.toContain(hostile);
  expect(html).not.toContain("<script>");
  expect(html).toContain("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;");
});

test("ReDoc asks no other host for its logo", async () => {
  const original = readFileSync(pathOf("redoc.standalone.js", sources["redoc.standalone.js"]!), "utf8");
  expect(original.split(foreignLogo)).toHaveLength(2);
  const served = await docsUi().file("redoc.standalone.js");
  expect(Buffer.from(served?.bytes ?? []).toString()).not.toContain("cdn.redoc.ly");
});
