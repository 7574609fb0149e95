import { randomUUID } from "node:crypto";
import { createChatEngine, type Storage } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { redis } from "@parlor/redis";
import { afterEach, describe, expect, it } from "vitest";
import { type Cost, costOf } from "./support/meter.ts";
import { startProxy } from "./support/proxy.ts";
import { closeAll, key, said, textEvent, times, won } from "./support/samples.ts";
import { canStartServers, servers, type Server } from "./support/server.ts";

const limits = { requests: [{ limit: 100_000, windowMs: 600_000 }], concurrentTurns: 1_000 };

/** Answers in one read, so that a turn always has as many rounds. */
const backend = () =>
  scriptedBackend(() => [
    [
      { type: "text", text: "An answer." },
      { type: "usage", usage: { inputTokens: 3, outputTokens: 5 } },
      { type: "finish", reason: "stop" },
    ],
  ]);

describe.skipIf(!canStartServers)("what it costs", { timeout: 180_000 }, () => {
  const start = servers();
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => void (await Promise.all(ends.splice(0).map((end) => end()))));

  async function open(): Promise<{ server: Server; storage: Storage; turn: (session: string) => Promise<Cost> }> {
    const server = await start();
    const storage = redis(server.url);
    // A window that the shortest session fills, or it would have less to read.
    const engine = createChatEngine({ backend: backend(), storage, limits, window: { messages: 8 } });
    ends.push(() => engine.close());
    const ask = (session: string) =>
      engine.send({ owner: "ada", session, message: "A question", idempotencyKey: randomUUID() });
    // The scripts are known to the server from here on.
    await ask("first");
    await storage.sessions.list("ada", { limit: 1 });
    const turn = (session: string) =>
      costOf(server, async () => {
        await ask(session);
        // What nobody waits for has gone out before this.
        await storage.sessions.ping(AbortSignal.timeout(5_000));
      });
    return { server, storage, turn };
  }

  /** The same commands as often, and as many bytes but for the length of numbers. */
  function sameCost(costs: readonly Cost[]): void {
    const [first, ...others] = costs;
    expect(others.length).toBeGreaterThan(0);
    for (const other of others) {
      expect(other.commands).toEqual(first?.commands);
      expect(Math.abs(other.received - (first?.received ?? 0))).toBeLessThan(200);
      expect(Math.abs(other.sent - (first?.sent ?? 0))).toBeLessThan(1_000);
    }
  }

  it("a turn costs the same in a session of 10, 1,000 and 100,000 messages", async () => {
    const { storage, turn } = await open();
    const costs: Cost[] = [];
    let seeded = 0;
    await storage.sessions.create(key(), {});
    for (const size of [10, 1_000, 100_000]) {
      while (seeded < size) {
        const from = seeded;
        const count = Math.min(100, size - seeded);
        await storage.sessions.append(
          key(),
          times(count, (at) => said(`m${String(from + at).padStart(6, "0")}`, "word ".repeat(57))),
        );
        seeded += count;
      }
      costs.push(await turn(key().id));
    }
    sameCost(costs);
    // Claim, two limits, open, one append, end, settle, settled; when to look after it, twice; the totals of all owners.
    expect(costs[0]?.commands["evalsha"]).toBe(11);
    expect(costs[0]?.commands["eval"]).toBeUndefined();
  });

  /** Sessions from `s<from>` to below `s<to>`, a millisecond apart, the way the store keeps them. */
  async function addSessions(server: Server, from: number, to: number): Promise<void> {
    const base = `parlor:{${Buffer.from("ada").toString("base64url")}}:`;
    const script = `
      for at = ARGV[2], ARGV[3] - 1 do
        local id, ms = 's' .. string.format('%07.0f', at), string.format('%.0f', 1700000000000 + at)
        redis.call('HSET', ARGV[1] .. 's:' .. id, 'created', ms, 'updated', ms, 'next', 1, 'first', 1, 'count', 0, 'turns', 0,
          'streaming', 0, 'input', 0, 'output', 0)
        redis.call('ZADD', ARGV[1] .. 'sessions', ms, id)
      end`;
    for (let at = from; at < to; at += 50_000)
      await server.command("EVAL", script, "0", base, String(at), String(Math.min(at + 50_000, to)));
  }

  it("a turn, and a page of the list anywhere in it, cost the same with 100 and 1,000,000 sessions of one owner", async () => {
    const { server, storage, turn } = await open();
    const costs: Cost[] = [];
    const pages: Cost[] = [];
    const id = (at: number) => `s${String(at).padStart(7, "0")}`;
    let seeded = 0;
    const page = async (at: number) => {
      const session = await storage.sessions.get(key(id(at)));
      const cursor = `${Date.parse(session?.updatedAt ?? "")}.${id(at)}`;
      pages.push(await costOf(server, () => storage.sessions.list("ada", { limit: 20, cursor })));
      expect((await storage.sessions.list("ada", { limit: 20, cursor })).items.length).toBe(20);
    };
    for (const size of [100, 1_000_000]) {
      await addSessions(server, seeded, size);
      seeded = size;
      costs.push(await turn(id(costs.length)));
      await page(50);
      await page(size - 10);
    }
    sameCost(costs);
    // Halving looks at a few more where more sessions were made in the same millisecond.
    const unevenly = (commands: Cost["commands"]) => ({ ...commands, zrevrange: 0 });
    for (const { commands, sent } of pages) {
      expect(unevenly(commands)).toEqual(unevenly(pages[0]?.commands ?? {}));
      expect(commands["zrevrange"]).toBeLessThan(12);
      expect(Math.abs(sent - (pages[0]?.sent ?? 0))).toBeLessThan(500);
    }
  });

  it("three rounds before the model, and one for a flush of many turns", async () => {
    const server = await start();
    const proxy = await startProxy(server.port);
    const storage = redis(proxy.url);
    ends.push(async () => {
      await closeAll(storage);
      await proxy.close();
    });
    let called = 0;
    const counted = {
      ...backend(),
      generate: (...args: Parameters<ReturnType<typeof backend>["generate"]>) => {
        called = proxy.rounds;
        return backend().generate(...args);
      },
    };
    const engine = createChatEngine({ backend: counted, storage, limits });
    await engine.send({ owner: "ada", session: "first", message: "Hello" });
    await storage.sessions.ping(AbortSignal.timeout(5_000));
    const before = proxy.rounds;
    await engine.send({ owner: "ada", session: "second", message: "Hello", idempotencyKey: "k" });
    expect(called - before).toBe(3);

    const claims = await Promise.all(times(50, (at) => won(storage.turns, `t${at}`, key(`many${at}`))));
    const flushed = proxy.rounds;
    const results = await storage.turns.append(claims.map((claim) => ({ claim, events: [textEvent(1)] })));
    expect(results).toEqual(claims.map(() => ({ last: 1 })));
    expect(proxy.rounds - flushed).toBe(1);
  });
});
