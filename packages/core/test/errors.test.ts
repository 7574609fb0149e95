import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { catalog, ChatError } from "../src/index.ts";

test("docs/errors.md lists the catalogue with what to do, and nothing else", () => {
  const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (.+?) \| (yes)? ?\| [A-Z].+\. \|$/gm)];
  const documented = rows.map(([, code, status, title, retryable]) => [
    code,
    { status: Number(status), title, retryable: retryable === "yes" },
  ]);
  expect(documented).toEqual(Object.entries(catalog));
});

test("an error is known by its mark, also one from another copy of the package", () => {
  const foreign = Object.assign(new Error("x"), { [Symbol.for("parlor.ChatError")]: true });
  expect(ChatError.isInstance(new ChatError("internal", "x"))).toBe(true);
  expect(ChatError.isInstance(foreign)).toBe(true);
  expect(ChatError.isInstance(new Error("x"))).toBe(false);
  expect(ChatError.isInstance(undefined)).toBe(false);
});

test("wrapping keeps the cause and hides its text", () => {
  const cause = new Error("password=hunter2");
  const error = ChatError.from(cause, "store_unavailable", "The store cannot be reached.");
  expect(error.cause).toBe(cause);
  expect(error).toMatchObject({ status: 503, retryable: true, message: "The store cannot be reached." });
  expect(ChatError.from(error, "internal", "x")).toBe(error);
});
