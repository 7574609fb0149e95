import { sqlite } from "@parlor/sqlite";

// Does so many of everything that processes may get wrong together, and says what it got.
const [, , path = "", name = "", rounds = "0"] = process.argv;
const storage = sqlite(path, { timeoutMs: 20_000 });
const key = { owner: "ada", id: "session" };
const createdAt = "2026-01-01T00:00:00.000Z";
const got = { charged: 0, first: 0, won: 0, created: 0 };
process.send?.({ kind: "ready" });
await new Promise((resolve) => process.once("message", resolve));
for (let round = 0; round < Number(rounds); round++) {
  const id = `${name}-${round}`;
  const message = { id, role: "user", parts: [{ type: "text", text: id }], createdAt, status: "complete" } as const;
  const opened = await storage.sessions.open(key, { append: [message], window: { last: 1, maxCharacters: 10 } });
  got.created += Number(opened.created);
  const decision = await storage.limits.consume("limit", 1, { limit: 50, windowMs: 600_000 });
  got.charged += Number(decision.allowed);
  got.first += Number(await storage.records.putIfAbsent("kind", `${round}`, name));
  const claimed = await storage.turns.claim(
    { owner: "ada", id: `${round}` },
    { id, message: id, model: "m", createdAt },
    { leaseMs: 600_000 },
  );
  got.won += Number(claimed.kind === "won");
}
await storage.sessions.close();
process.send?.({ kind: "done", value: got }, () => process.disconnect());
