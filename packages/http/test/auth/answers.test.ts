import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { Authenticate } from "../../src/index.ts";
import { world } from "../world.ts";

const down = new Error("down");

test.each<[string, () => unknown, number]>([
  ["a principal", () => ({ id: "ada" }), 200],
  ["a promise of one", async () => ({ id: "ada" }), 200],
  ["a promise that is none of ours", () => runInNewContext('Promise.resolve({ id: "ada" })') as unknown, 200],
  ["nothing", () => undefined, 401],
  ["null", () => null, 401],
  ["a promise of null", async () => null, 401],
  ["a failure", () => Promise.reject(down), 503],
  [
    "a failure at once",
    () => {
      throw down;
    },
    503,
  ],
  ["somebody without an id", () => ({}), 500],
  ["a promise of somebody without an id", async () => ({}), 500],
  ["a name in place of a principal", () => "ada", 500],
])("an auth that answers with %s", async (_name, auth, status) => {
  const { ask } = world({ auth: auth as Authenticate<Request> });
  expect((await ask("GET", "/sessions"))?.status).toBe(status);
});
