import type { Storage } from "@parlor/core";
import { storageFaults } from "@parlor/testkit/storage";
import { Client } from "pg";
import { afterAll, describe, it } from "vitest";
import { postgres, type PostgresOptions } from "../src/index.ts";
import { type Cluster, startCluster } from "./support/cluster.ts";
import { type Proxy, startProxy } from "./support/proxy.ts";
import { key, until, won } from "./support/samples.ts";

/** Two in a usual run; PARLOR_TEST_ROUNDS=30 is what a release is judged by. */
const rounds = Number(process.env["PARLOR_TEST_ROUNDS"] ?? 2);

const first = await startCluster();

describe.skipIf(!first)("again and again", { timeout: rounds * 30_000 }, () => {
  const server = first as Cluster;
  afterAll(() => server.destroy());

  const on = (options: PostgresOptions): { storage: Storage; close: () => Promise<void> } => {
    const storage = postgres({ url: server.url, ...options });
    return { storage, close: () => storage.sessions.close() };
  };
  const proxied = (proxy: Proxy) => {
    const { storage, close } = on({ url: server.url.replace(/:\d+\//, `:${proxy.port}/`) });
    return { storage, close: () => close().then(() => proxy.close()) };
  };
  const portOf = ({ url }: Cluster) => Number(new URL(url).port);
  const terminate = (which: string) => () =>
    server.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'parlor%' ${which}`,
    );

  storageFaults({
    rounds,
    report: (line) => console.log(`postgres: ${line}`),
    runner: { it },
    faults: {
      frozen: async () => ({ ...on({}), begin: server.freeze, end: server.thaw }),
      "restarted (fast)": async () => ({ ...on({}), begin: () => server.stop("fast"), end: server.start }),
      "crashed and started again": async () => ({
        ...on({}),
        begin: () => server.stop("immediate"),
        end: server.start,
      }),
      "all its connections ended": async () => ({ ...on({}), begin: terminate(""), meanwhile: "any" }),
      "an answer lost": async () => {
        const proxy = await startProxy(portOf(server));
        const lose = async () => {
          const before = proxy.lost;
          proxy.loseNextAnswer();
          await until(() => proxy.lost > before);
        };
        return { ...proxied(proxy), begin: lose, meanwhile: "any" };
      },
      "all connections of the pool waiting for a lock": async () => {
        const { storage, close } = on({ schema: "used_up", maxConnections: 2 });
        await won(storage.turns, "t1", key("locked"));
        let waiting: Promise<unknown>[] = [];
        let locker: Client | undefined;
        return {
          storage,
          close,
          // Whoever is still in time when the waiting ones give up gets a connection.
          meanwhile: "any",
          begin: async () => {
            locker = new Client({ connectionString: server.url });
            await locker.connect();
            await locker.query("begin; select 1 from used_up.turns where session = 'locked' for update");
            waiting = [1, 2].map(() => storage.turns.stop(key("locked")).catch(() => {}));
            const blocked = "from pg_stat_activity where wait_event_type = 'Lock' and query like '%used_up%'";
            await until(async () => (await server.query(`select 1 ${blocked}`)).length === 2);
          },
          end: async () => {
            await locker?.end();
            await Promise.all(waiting);
          },
        };
      },
      "failing over to a standby": async () => {
        let [primary, standby] = [await startCluster(), undefined as Cluster | undefined];
        if (!primary) throw new Error("no server");
        const proxy = await startProxy(portOf(primary));
        const subject = proxied(proxy);
        return {
          ...subject,
          begin: async () => {
            standby = await startCluster("", primary?.url);
            // From here on nothing is acknowledged that the standby does not have.
            await primary?.query("alter system set synchronous_standby_names = '*'");
            await primary?.query("select pg_reload_conf()");
            await until(async () => {
              const states = await primary?.query<{ sync_state: string }>("select sync_state from pg_stat_replication");
              return states?.[0]?.sync_state === "sync";
            });
            await primary?.query("create table seen (); drop table seen");
            await primary?.stop("immediate");
          },
          end: async () => {
            await standby?.promote();
            await primary?.destroy();
            primary = standby;
            proxy.retarget(portOf(primary as Cluster));
          },
          close: async () => {
            await subject.close();
            await primary?.destroy();
          },
        };
      },
    },
  });
});
