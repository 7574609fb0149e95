import { setTimeout as pause } from "node:timers/promises";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { redis, type RedisOptions } from "@parlor/redis";
import { storageConformance } from "@parlor/testkit/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeAll, key, outcomeOf, said, times, wide, won } from "./support/samples.ts";
import { canStartServers, servers, type Server } from "./support/server.ts";
import { until, within } from "./support/wait.ts";

describe.skipIf(!canStartServers)("a cluster of three", { timeout: 60_000 }, () => {
  const start = servers();
  let nodes: Server[] = [];
  const options = (): RedisOptions => ({
    url: nodes[0]?.url ?? "",
    cluster: nodes.slice(1).map(({ url }) => url),
    timeoutMs: 1_000,
  });

  beforeAll(async () => {
    nodes = await Promise.all(times(3, () => start("--cluster-enabled", "yes", "--cluster-node-timeout", "1000")));
    const [first = expect.fail()] = nodes;
    for (const [at, node] of nodes.entries()) {
      const [from, to] = [Math.ceil((at * 16_384) / 3), Math.ceil(((at + 1) * 16_384) / 3) - 1];
      await node.command("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
      await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(at + 1));
      if (at > 0) await first.command("CLUSTER", "MEET", "127.0.0.1", String(node.port));
    }
    const agree = async (node: Server) => {
      const info = String(await node.command("CLUSTER", "INFO"));
      return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
    };
    await until(
      () => Promise.all(nodes.map(agree)),
      (all) => all.every(Boolean),
    );
  });

  storageConformance({
    create: async (bounds) => {
      const [storage, peer] = [redis({ ...options(), ...bounds }), redis({ ...options(), ...bounds })];
      return {
        storage,
        peer,
        advance: (ms) => pause(ms),
        close: async () => {
          await closeAll(storage);
          await closeAll(peer);
        },
      };
    },
    runner: { describe, it: it.concurrent, skip: it.skip },
    beat: 250,
  });

  it("owners are spread over its nodes, and all their dead turns are found", async () => {
    const storage = redis(options());
    const owners = times(30, (at) => `owner ${at}`);
    const engine = createChatEngine({ backend: scriptedBackend(() => says("Some words.")), storage });
    await Promise.all(owners.map((owner) => engine.send({ owner, session: "s", message: "Hello" })));
    for (const node of nodes) expect(await node.command("DBSIZE")).toBeGreaterThan(10);
    await Promise.all(
      owners.map(async (owner) =>
        storage.turns.end(await won(storage.turns, "dead", key("dead", owner)), { status: "complete" }),
      ),
    );
    const dead = await storage.turns.expired(100);
    expect(dead.filter(({ id }) => id === "dead").length).toBe(30);
    await engine.close();
  });

  it("not there at the start: calls fail, and work once it is", async () => {
    for (const node of nodes) node.freeze();
    const storage = redis(options());
    expect(await within(2_500, outcomeOf(storage.sessions.get(key())))).toBe("store_unavailable");
    for (const node of nodes) node.thaw();
    await within(
      5_000,
      until(
        () => outcomeOf(storage.sessions.get(key())),
        (outcome) => outcome === "ok",
      ),
    );
    await closeAll(storage);
  });

  it("what a dead node has fails in time, the rest goes on, and it comes back", async () => {
    const storage = redis(options());
    afterAll(() => closeAll(storage));
    const keys = times(30, (at) => key("s", `cut ${at}`));
    const open = () =>
      Promise.all(keys.map((one) => outcomeOf(storage.sessions.open(one, { append: [said("m")], window: wide }))));
    expect(new Set(await open())).toEqual(new Set(["ok"]));
    for (const node of nodes) await node.command("CONFIG", "SET", "cluster-require-full-coverage", "no");
    nodes[2]?.freeze();
    for (let round = 0; round < 3; round++)
      expect(new Set(await within(2_500, open()))).toEqual(new Set(["ok", "store_unavailable"]));
    expect(await outcomeOf(storage.turns.expired(10)), "turns of others are still looked after").toBe("ok");
    nodes[2]?.thaw();
    await within(
      5_000,
      until(open, (outcomes) => outcomes.every((outcome) => outcome === "ok")),
    );
  });
});
