import { randomUUID } from "node:crypto";
import { sqlite } from "@parlor/sqlite";

// Appends messages of its own as fast as it can, and says so of each once it was told that it is stored.
const [, , path = "", durability] = process.argv;
// These tests are not about waiting: on a slow disk two that do nothing but write may keep each other waiting for long.
const storage = sqlite(path, { durability: durability === "process" ? "process" : "power", timeoutMs: 20_000 });
const key = { owner: "ada", id: "session" };
const createdAt = "2026-01-01T00:00:00.000Z";
const parts = [{ type: "text", text: "word ".repeat(200) }] as const;
for (;;) {
  const [id, other] = [randomUUID(), randomUUID()];
  await storage.sessions.open(key, {
    append: [
      { id, role: "user", parts, createdAt, status: "complete" },
      { id: other, role: "assistant", parts: [], createdAt, status: "streaming", turn: "t" },
    ],
    window: { last: 2, maxCharacters: 10_000 },
  });
  await new Promise((resolve) => process.send?.({ kind: "stored", value: id }, resolve));
  await storage.sessions.settle(
    key,
    { id: other, role: "assistant", parts, createdAt, status: "complete" },
    { turn: "t" },
  );
  await new Promise((resolve) => process.send?.({ kind: "settled", value: other }, resolve));
}
