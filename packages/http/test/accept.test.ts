import { expect, test } from "vitest";
import { prefersHtml } from "../src/input/accept.ts";

test.for<[string | undefined, boolean]>([
  [undefined, false],
  ["*/*", false],
  ["application/json", false],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true],
  ["TEXT/HTML; charset=utf-8", true],
  ["application/json, text/html", false],
  ["application/json;q=0.5, text/html", true],
  ["text/html; q=0.3, application/json; q=0.4", false],
  ["text/html;q=0", false],
])("accept: %s", ([accept, expected]) => {
  expect(prefersHtml(accept)).toBe(expected);
});
