import { redis } from "@parlor/redis";
import { type FaultSubject, storageFaults } from "@parlor/testkit/storage";
import { describe, it } from "vitest";
import { type Proxy, startProxy } from "./support/proxy.ts";
import { closeAll } from "./support/samples.ts";
import { canStartServers, servers, type Server } from "./support/server.ts";
import { until } from "./support/wait.ts";

/** Two in a usual run; PARLOR_TEST_ROUNDS=30 is what a release is judged by. */
const rounds = Number(process.env["PARLOR_TEST_ROUNDS"] ?? 2);

const durable = ["--appendonly", "yes", "--appendfsync", "always"];

describe.skipIf(!canStartServers)("again and again", { timeout: rounds * 20_000 }, () => {
  const start = servers();

  const on = (url: string): Pick<FaultSubject, "storage" | "close"> => {
    const storage = redis(url);
    return { storage, close: () => closeAll(storage) };
  };
  const proxied = (proxy: Proxy): Pick<FaultSubject, "storage" | "close"> => {
    const { storage, close } = on(proxy.url);
    return { storage, close: () => Promise.resolve(close?.()).then(() => proxy.close()) };
  };

  storageFaults({
    rounds,
    report: (line) => console.log(`redis: ${line}`),
    runner: { it },
    faults: {
      frozen: async () => {
        const server = await start();
        return { ...on(server.url), begin: () => server.freeze(), end: () => server.thaw() };
      },
      "killed and started again": async () => {
        const server = await start(...durable);
        return { ...on(server.url), begin: () => server.kill(), end: () => server.start() };
      },
      "killed and started again, empty": async () => {
        const server = await start();
        return { ...on(server.url), begin: () => server.kill(), end: () => server.start(), forgets: true };
      },
      "out of memory": async () => {
        const server = await start();
        const limit = (bytes: string) => server.command("CONFIG", "SET", "maxmemory", bytes);
        return { ...on(server.url), begin: () => limit("1"), end: () => limit("0"), meanwhile: "read" };
      },
      "connections cut": async () => {
        const server = await start();
        const cut = async () => {
          for (const type of ["normal", "pubsub"]) await server.command("CLIENT", "KILL", "TYPE", type);
        };
        return { ...on(server.url), begin: cut, meanwhile: "any" };
      },
      unplugged: async () => {
        const proxy = await startProxy((await start()).port);
        return { ...proxied(proxy), begin: () => proxy.swallow(), end: () => proxy.restore() };
      },
      "an answer lost": async () => {
        const proxy = await startProxy((await start()).port);
        const lose = async () => {
          const before = proxy.lost;
          proxy.loseNextAnswer();
          await until(
            () => proxy.lost,
            (lost) => lost > before,
          );
        };
        return { ...proxied(proxy), begin: lose, meanwhile: "any" };
      },
      "failing over to a replica": async () => {
        const atOnce = ["--repl-diskless-sync-delay", "0"];
        let [primary, replica] = [await start(...atOnce), await start(...atOnce)];
        const proxy = await startProxy(primary.port);
        await replica.kill();
        const follow = async (one: Server, other: Server) => {
          await one.command("REPLICAOF", "127.0.0.1", String(other.port));
          await until(
            async () => String(await one.command("INFO", "replication")),
            (info) => info.includes("master_link_status:up") && info.includes("master_sync_in_progress:0"),
          );
        };
        return {
          ...proxied(proxy),
          begin: async () => {
            await replica.start();
            await follow(replica, primary);
            await primary.kill();
          },
          end: async () => {
            await replica.command("REPLICAOF", "NO", "ONE");
            proxy.retarget(replica.port);
            [primary, replica] = [replica, primary];
          },
          // What had not reached the replica.
          forgets: true,
        };
      },
    },
  });
});
