import type { Storage } from "@parlor/core";
import { afterAll, describe, expect, it } from "vitest";
import { postgres } from "../src/index.ts";
import { type Cluster, startCluster } from "./support/cluster.ts";
import { answered, key, newTurn, outcomeOf, said, streaming, textEvent, until, wide, won } from "./support/samples.ts";

const cluster = await startCluster();

describe.skipIf(!cluster)("a commit that waits for the disk", () => {
  const { url, query, destroy } = cluster as Cluster;
  const storage: Storage = postgres({ url, timeoutMs: 500 });
  const { sessions, turns, limits, records } = storage;
  afterAll(async () => {
    await sessions.close();
    await destroy();
  });

  it("is made where somebody is told that something is stored, and nowhere else", async () => {
    const names = ["open", "append", "settle", "end", "renewed"];
    const claims = new Map<string, Awaited<ReturnType<typeof won>>>();
    for (const name of names) {
      await sessions.open(key(name), { append: [streaming("a1", "t1")], window: wide });
      claims.set(name, await won(turns, "t1", key(name)));
    }
    const claim = (name: string) => claims.get(name) ?? expect.fail(name);
    // A standby that does not exist: a commit that waits, waits for ever.
    await query("alter system set synchronous_standby_names = 'nobody'");
    await query("select pg_reload_conf()");
    const waits = async () => (await outcomeOf(records.put("kind", "probe", "value"))) === "store_unavailable";
    expect(await until(waits), "the server waits now").toBe(true);

    const events = [textEvent(1)];
    const calls: Record<string, () => unknown> = {
      "open a session": () => sessions.open(key("open"), { append: [said("m1")], window: wide }),
      "append to a session": () => sessions.append(key("append"), [said("m1")]),
      "settle a message": () => sessions.settle(key("settle"), answered("a1", "t1"), { turn: "t1" }),
      "delete a session": () => sessions.delete(key("open")),
      "log what readers see": () => turns.append([{ claim: claim("append"), events }]),
      "put a record": () => records.put("kind", "id", "value"),
      "claim a turn": () => turns.claim(key("new"), newTurn("t1"), { leaseMs: 1_000 }),
      "renew a lease": () => turns.renew([claim("renewed")], 60_000),
      "end a turn": () => turns.end(claim("end"), { status: "complete" }),
      "say that it has settled": () => turns.settled(key("end"), "t1"),
      "charge a limit": () => limits.consume("key", 1, { limit: 10, windowMs: 60_000 }),
      "take a place": () => limits.acquire("key", "holder", 1, 1_000),
    };
    const waited: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      const outcome = await outcomeOf(Promise.resolve(call()));
      if (outcome !== "done") waited.push(name);
    }
    expect(waited).toEqual([
      "open a session",
      "append to a session",
      "settle a message",
      "delete a session",
      "log what readers see",
      "put a record",
    ]);
  });
});
