import { ChatError } from "@parlor/core";
import { expect, test } from "vitest";
import { describeError } from "../../src/log/describe-error.ts";

const canary = "sk-canary-5f0c";

test("the text of a foreign error is not in the log, wherever it hides", () => {
  const cause = Object.assign(new TypeError(`Invalid header value ${canary}\n    at ${canary} (x.js:1:1)`), {
    key: canary,
  });
  const error = new Error(`call with ${canary} failed\nsecond line`, { cause });
  const described = describeError(error);
  error.stack += `\n    at eval (data:text/javascript,${canary}:1:1)`;
  expect(JSON.stringify(described)).not.toContain(canary);
  expect(JSON.stringify(describeError(error))).not.toContain(canary);
  expect(described).toMatchObject({ name: "Error", cause: { name: "TypeError" } });
  expect(described.at[0]).toMatch(/describe-error\.test\.ts:\d+:\d+/);
});

test("our own errors keep their code and sentence, system errors their code", () => {
  const gone = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:443"), { code: "ECONNREFUSED" });
  expect(
    describeError(new ChatError("store_unavailable", "The store does not answer.", { cause: gone })),
  ).toMatchObject({
    name: "ChatError",
    code: "store_unavailable",
    detail: "The store does not answer.",
    cause: { name: "Error", code: "ECONNREFUSED" },
  });
});

test("what is no error, and a chain of causes without end, are no trouble", () => {
  const loop = new Error("loop");
  loop.cause = loop;
  expect(describeError(canary)).toEqual({ name: "string", at: [] });
  expect(JSON.stringify(describeError(loop)).length).toBeLessThan(20_000);
});
