import { randomUUID } from "node:crypto";
import { keyvPostgres, keyvRedis } from "@parlor/keyv";
import { storageFaults } from "@parlor/testkit/storage";
import { describe, it } from "vitest";
import { Proxy } from "./support/proxy.ts";
import { canStartRedis, RedisServer } from "./support/redis-server.ts";
import { dropTable, onPostgres, postgresUrl } from "./support/services.ts";

/** Two in a usual run; PARLOR_TEST_ROUNDS=30 is what a release is judged by. */
const rounds = Number(process.env["PARLOR_TEST_ROUNDS"] ?? 2);

const postgres = await postgresUrl();

describe("again and again", { timeout: rounds * 20_000 }, () => {
  const options = { rounds, report: (line: string) => console.log(`keyv on ${line}`), runner: { it } };

  async function onRedis() {
    const server = await RedisServer.create();
    await server.start();
    const storage = keyvRedis(server.url);
    const close = async () => {
      await storage.sessions.close();
      await server.end();
    };
    return { server, storage, close };
  }

  describe.skipIf(!canStartRedis)("a Redis", () => {
    storageFaults({
      ...options,
      faults: {
        "Redis, frozen": async () => {
          const { server, ...subject } = await onRedis();
          return { ...subject, begin: () => server.freeze(), end: () => server.thaw() };
        },
        "Redis, killed and started again": async () => {
          const { server, ...subject } = await onRedis();
          // Its append-only file is written each second.
          return { ...subject, begin: () => server.kill(), end: () => server.start(), forgets: true };
        },
        "Redis, out of memory": async () => {
          const { server, ...subject } = await onRedis();
          const limit = (bytes: string) => server.command("CONFIG", "SET", "maxmemory", bytes);
          // A failed write is told by an event, which fails the calls that are under way with it.
          return { ...subject, begin: () => limit("1"), end: () => limit("0"), meanwhile: "any" };
        },
      },
    });
  });

  describe.skipIf(postgres === undefined)("a PostgreSQL", () => {
    async function onServer() {
      const url = postgres as string;
      const table = `parlor_keyv_${randomUUID().replaceAll("-", "")}`;
      const proxy = new Proxy(url);
      const through = new URL(await proxy.start());
      through.searchParams.set("application_name", table);
      const storage = keyvPostgres(through.href, { table });
      const close = async () => {
        await storage.sessions.close();
        await proxy.stop();
        await dropTable(url, table);
      };
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${table}'`;
      return { proxy, port: Number(through.port), storage, close, terminate: () => onPostgres(url, end) };
    }

    storageFaults({
      ...options,
      faults: {
        "PostgreSQL, frozen": async () => {
          const { proxy, storage, close } = await onServer();
          return { storage, close, begin: () => proxy.freeze(), end: () => proxy.thaw() };
        },
        "PostgreSQL, gone and back": async () => {
          const { proxy, port, storage, close } = await onServer();
          return { storage, close, begin: () => proxy.stop(), end: () => proxy.start(port) };
        },
        "PostgreSQL, all connections ended": async () => {
          const { storage, close, terminate } = await onServer();
          return { storage, close, begin: terminate, meanwhile: "any" };
        },
      },
    });
  });
});
