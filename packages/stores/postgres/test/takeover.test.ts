import { type ChatEngine, createChatEngine, type Message, type Storage, type TurnEvent } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { postgres } from "../src/index.ts";
import { testDatabase } from "./support/database.ts";
import { until } from "./support/samples.ts";
import { type NodeProcess, spawnNode } from "./support/spawn-node.ts";

const database = await testDatabase();

describe.skipIf(!database)("nodes that die", () => {
  const { url = "", schema = "", drop = async () => {} } = database ?? {};
  const storage: Storage = postgres({ url, schema });
  const engines: ChatEngine[] = [];
  const children: NodeProcess[] = [];

  /** Another node, in this process. */
  function survivor(): ChatEngine {
    const engine = createChatEngine({
      backend: scriptedBackend(says("It goes on.")),
      storage: postgres({ url, schema }),
      lease: { ms: 1_000, renewMs: 300 },
    });
    engines.push(engine);
    return engine;
  }

  function node(session: string, words: number, turns: number): NodeProcess {
    const child = spawnNode(url, schema, "ada", session, String(words), String(turns));
    children.push(child);
    return child;
  }

  /** A node that was killed while it answered. */
  async function killed(session: string): Promise<NodeProcess> {
    const child = node(session, 1_000, 1);
    await child.line(({ text }) => text === "word-0-9 ");
    await child.kill();
    return child;
  }

  const textOf = (message: Message | undefined) =>
    message?.parts.map((part) => (part.type === "text" ? part.text : "")).join("") ?? "";
  const seenBy = ({ lines }: NodeProcess, turn: string | undefined) =>
    lines.map((line) => (line.turn === turn ? (line.text ?? "") : "")).join("");

  /** What was said is kept, the answer is what its readers saw and perhaps what came after. */
  async function kept(child: NodeProcess, session: string): Promise<void> {
    const [{ accepted, message, answer }] = child.lines as [NodeProcess["lines"][number]];
    const key = { owner: "ada", id: session };
    expect(await storage.sessions.message(key, message ?? "")).toMatchObject({ status: "complete", role: "user" });
    const stored = await storage.sessions.message(key, answer ?? "");
    expect(stored).toMatchObject({ status: "interrupted", meta: { error: "lease_lost" } });
    const seen = seenBy(child, accepted);
    expect(seen).toContain("word-0-9 ");
    expect(textOf(stored).startsWith(seen), "nothing that was seen is lost").toBe(true);
  }

  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.process.kill("SIGCONT");
      await child.kill();
    }
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
  });
  afterAll(async () => {
    await storage.sessions.close();
    await drop();
  });

  test("the next turn on the session ends the dead one first", async () => {
    const child = await killed("next");
    const reply = await survivor().send({ owner: "ada", session: "next", message: "Are you there?" });
    expect(reply.text).toBe("It goes on.");
    await kept(child, "next");
    const history = await storage.sessions.messages({ owner: "ada", id: "next" }, { limit: 10 });
    expect(history?.map((message) => message.status)).toEqual(["complete", "interrupted", "complete", "complete"]);
  });

  test("who reads the history ends it", async () => {
    const child = await killed("history");
    const engine = survivor();
    const settled = until(async () => {
      const history = await engine.sessions.history({ owner: "ada", id: "history" });
      return history?.messages.at(-1)?.status === "interrupted";
    });
    expect(await settled).toBe(true);
    await kept(child, "history");
  });

  test("a reader on another node sees it end", async () => {
    const child = node("reader", 1_000, 1);
    const { accepted = "" } = await child.line((line) => line.accepted !== undefined);
    const turn = await survivor().turn({ owner: "ada", id: "reader" }, accepted);
    const events: TurnEvent[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      turn.subscribe(0, {
        onBatch(batch) {
          events.push(...batch);
          if (batch.at(-1)?.type === "end") resolve();
        },
        onError: reject,
      });
    });
    await child.line(({ text }) => text === "word-0-9 ");
    await child.kill();
    await ended;
    expect(events.at(-1)).toMatchObject({ type: "end", status: "interrupted", error: { code: "lease_lost" } });
    expect(events.map((event) => event.offset)).toEqual(events.map((_, at) => at + 1));
    await kept(child, "reader");
  });

  test("a node that nobody asks finds it", async () => {
    const child = await killed("nobody");
    // Its first turn makes it a node of this storage.
    await survivor().send({ owner: "eve", session: "hers", message: "Hello" });
    const { answer = "" } = child.lines[0] ?? {};
    const settled = until(async () => {
      const message = await storage.sessions.message({ owner: "ada", id: "nobody" }, answer);
      return message?.status === "interrupted";
    }, 10_000);
    expect(await settled).toBe(true);
    await kept(child, "nobody");
  });

  test("a node that slept past its lease writes nothing more", async () => {
    const child = node("zombie", 1_000, 1);
    const { accepted = "", answer = "" } = await child.line((line) => line.accepted !== undefined);
    await child.line(({ text }) => text === "word-0-9 ");
    child.process.kill("SIGSTOP");
    const key = { owner: "ada", id: "zombie" };
    await survivor().send({ owner: "ada", session: "zombie", message: "Are you there?" });
    const [log, message] = [
      await storage.turns.read(key, accepted, 0, 10_000),
      await storage.sessions.message(key, answer),
    ];
    expect(log?.events.at(-1)).toMatchObject({ type: "end", status: "interrupted" });
    child.process.kill("SIGCONT");
    const told = await child.line((line) => line.error !== undefined || line.ended !== undefined);
    expect(told).toMatchObject({ error: "lease_lost" });
    expect(await storage.turns.read(key, accepted, 0, 10_000)).toEqual(log);
    expect(await storage.sessions.message(key, answer)).toEqual(message);
    expect(textOf(message).startsWith(seenBy(child, accepted)), "it showed nothing that was not stored").toBe(true);
  });

  test("killed again and again, wherever it is: no acknowledged message and no event that was seen is lost", async () => {
    const engine = survivor();
    for (let round = 0; round < 6; round += 1) {
      const session = `again-${round}`;
      const key = { owner: "ada", id: session };
      const child = node(session, 8, 1_000);
      await child.line((line) => line.accepted !== undefined);
      // Anywhere in a turn of some 50 ms.
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 100));
      await child.kill();
      const settled = until(async () => {
        const history = await engine.sessions.history(key, { limit: 1_000 });
        return history?.messages.every((message) => message.status !== "streaming") ?? false;
      });
      expect(await settled).toBe(true);
      for (const { accepted, message, answer } of child.lines) {
        if (accepted === undefined) continue;
        expect(await storage.sessions.message(key, message ?? ""), "what was said is there").toBeDefined();
        const stored = textOf(await storage.sessions.message(key, answer ?? ""));
        expect(stored.startsWith(seenBy(child, accepted)), "nothing that was seen is lost").toBe(true);
      }
    }
  });
});
