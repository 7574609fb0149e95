import { setTimeout as pause } from "node:timers/promises";
import { redis } from "@parlor/redis";
import { afterEach, describe, expect, it } from "vitest";
import { closeAll, key, newTurn, textEvent, won } from "./support/samples.ts";
import { canStartServers, servers, type Server } from "./support/server.ts";

const hour = 3_600_000;

/**
 * Leases and windows are moments of the server's clock. A server cannot be given another clock here; but one that was set back by an hour
 * finds its moments an hour later than they were, and so they are made.
 */
describe.skipIf(!canStartServers)("a server whose clock was set", () => {
  const start = servers();
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => void (await Promise.all(ends.splice(0).map((end) => end()))));

  async function open() {
    const server = await start();
    const storage = redis(server.url);
    ends.push(() => closeAll(storage));
    return { server, ...storage };
  }

  /** Moves every lease by so many milliseconds. */
  async function moveLeases(server: Server, ms: number): Promise<void> {
    for (const name of (await server.command("KEYS", "*:t:*")) as string[])
      await server.command("HINCRBYFLOAT", name, "lease", String(ms));
  }

  it("back by an hour: a dead writer's lease lasts as long as it was given for, and no longer", async () => {
    const { server, turns } = await open();
    const claimed = await turns.claim(key(), newTurn("t1"), { leaseMs: 300 });
    expect(claimed.kind).toBe("won");
    await moveLeases(server, hour);
    const busy = await turns.claim(key(), newTurn("t2"), { leaseMs: 1_000 });
    expect(busy.kind === "busy" && busy.leaseMs).toBeLessThanOrEqual(300);
    await pause(310);
    expect((await turns.claim(key(), newTurn("t2"), { leaseMs: 1_000 })).kind).toBe("unsettled");
    expect((await turns.adopt(key(), "t1", 1_000))?.turn).toBe("t1");
  });

  it("back by an hour: a writer that lives goes on, and so does its session when it has ended", async () => {
    const { server, turns } = await open();
    const claim = await won(turns, "t1");
    await moveLeases(server, hour);
    expect((await turns.renew([claim], 300))[0]?.held).toBe(true);
    expect(await turns.append([{ claim, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
    const busy = await turns.claim(key(), newTurn("t2"), { leaseMs: 1_000 });
    expect(busy.kind === "busy" && busy.leaseMs).toBeLessThanOrEqual(300);
    expect(await turns.end(claim, { status: "complete" })).toBe(true);
    await turns.settled(key(), "t1");
    await won(turns, "t2");
  });

  it("ahead by an hour: a writer that renews before anybody takes its turn over goes on", async () => {
    const { server, turns } = await open();
    const claim = await won(turns, "t1");
    await moveLeases(server, -hour);
    expect((await turns.renew([claim], 60_000))[0]?.held).toBe(true);
    expect((await turns.claim(key(), newTurn("t2"), { leaseMs: 1_000 })).kind).toBe("busy");
    expect(await turns.append([{ claim, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
  });

  it("ahead by an hour: a writer whose turn was taken over meanwhile is fenced", async () => {
    const { server, turns } = await open();
    const claim = await won(turns, "t1");
    await turns.append([{ claim, events: [textEvent(1)] }]);
    await moveLeases(server, -hour);
    const adopted = await turns.adopt(key(), "t1", 60_000);
    expect(await turns.append([{ claim, events: [textEvent(2)] }])).toEqual(["stale"]);
    expect((await turns.renew([claim], 60_000))[0]?.held).toBe(false);
    expect(adopted && (await turns.end(adopted, { status: "interrupted" }))).toBe(true);
    expect(
      (await turns.read(key(), "t1", 0, 10))?.events.map(({ type }) => type),
      "what was said is kept",
    ).toEqual(["text", "end"]);
  });

  it("back by an hour: a window does not last an hour longer", async () => {
    const { server, limits } = await open();
    const rule = { limit: 1, windowMs: 60_000 };
    expect((await limits.consume("key", 1, rule)).allowed).toBe(true);
    const second = await limits.consume("key", 1, rule);
    expect(second.allowed).toBe(false);
    const [name = ""] = (await server.command("KEYS", "*60000*")) as string[];
    await server.command("PEXPIRE", name, String(hour));
    const after = await limits.consume("key", 1, rule);
    expect(after.allowed).toBe(true);
    expect(after.resetMs).toBeLessThanOrEqual(rule.windowMs);
    expect((await limits.consume("key", 1, rule)).allowed).toBe(false);
  });
});
