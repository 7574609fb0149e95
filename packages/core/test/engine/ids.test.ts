import { expect, test } from "vitest";
import { uuidv7 } from "../../src/index.ts";

test("ids are UUIDs of version 7 that hold their time and are never the same", () => {
  const now = Date.UTC(2026, 0, 1);
  const ids = Array.from({ length: 2_000 }, (_, at) => uuidv7(now + at));
  for (const [at, id] of ids.entries()) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(now + at);
  }
  expect(new Set(ids.map((id) => id.slice(15))).size).toBe(2_000);
});
