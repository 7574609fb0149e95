import { randomUUID } from "node:crypto";
import { ChatError, type SessionStore } from "@parlor/core";
import { keyvPostgres, keyvRedis } from "@parlor/keyv";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { Proxy } from "./support/proxy.ts";
import { canStartRedis, RedisServer } from "./support/redis-server.ts";
import { said, window } from "./support/samples.ts";
import { dropTable, onPostgres, postgresUrl } from "./support/services.ts";

const key = { owner: "ada", id: "s1" };
const timeoutMs = 300;

/** How a call fails; what it answers, if it does. */
async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: unknown) => (ChatError.isInstance(error) ? error.code : String(error)),
  );
}

/** Reading, writing and listing, each at once. */
async function failures(sessions: SessionStore): Promise<string[]> {
  return Promise.all(
    [
      sessions.get(key),
      sessions.list(key.owner, { limit: 10 }),
      sessions.append(key, [said("not acknowledged")]),
      sessions.open({ owner: "eve", id: "s2" }, { append: [said("m1")], window }),
      sessions.ping(AbortSignal.timeout(60_000)),
    ].map(failure),
  );
}

const allFailed = Array.from({ length: 5 }, () => "store_unavailable");

/** Writes as soon as the store takes it; every message that was acknowledged. */
async function recovered(sessions: SessionStore): Promise<string[]> {
  await vi.waitFor(() => sessions.append(key, [said("after")]), { timeout: 10_000, interval: 20 });
  const messages = await sessions.messages(key, { limit: 100 });
  return (messages ?? []).map(({ id }) => id).filter((id) => id !== "not acknowledged");
}

const first = (sessions: SessionStore) => sessions.open(key, { append: [said("before")], window });

describe.skipIf(!canStartRedis)("a Redis that", () => {
  async function make() {
    const server = await RedisServer.create();
    const { sessions } = keyvRedis(server.url, { timeoutMs });
    onTestFinished(async () => {
      await sessions.close();
      await server.end();
    });
    return { server, sessions };
  }

  it("is frozen, and thaws", async () => {
    const { server, sessions } = await make();
    await server.start();
    await first(sessions);
    server.freeze();
    // Longer than the client keeps a silent connection.
    for (let round = 0; round < 8; round++) expect(await failures(sessions), `round ${round}`).toEqual(allFailed);
    server.thaw();
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });

  it("is killed, and comes back", async () => {
    const { server, sessions } = await make();
    await server.start();
    await first(sessions);
    await server.kill();
    expect(await failures(sessions)).toEqual(allFailed);
    await server.start();
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });

  it("is not there yet", async () => {
    const { server, sessions } = await make();
    expect(await failures(sessions)).toEqual(allFailed);
    await server.start();
    await vi.waitFor(() => first(sessions), { timeout: 10_000, interval: 20 });
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });

  it("takes no more writes", async () => {
    const { server, sessions } = await make();
    await server.start();
    await first(sessions);
    await server.command("CONFIG", "SET", "maxmemory", "1");
    expect(await failure(sessions.append(key, [said("not acknowledged")]))).toBe("store_unavailable");
    expect((await sessions.get(key))?.messageCount, "reads go on").toBe(1);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });

  it("is closed in the middle of a call", async () => {
    const { server, sessions } = await make();
    await server.start();
    await first(sessions);
    server.freeze();
    const failing = failures(sessions);
    await sessions.close();
    expect(await failing).toEqual(allFailed);
  });
});

const postgres = await postgresUrl();
describe.skipIf(postgres === undefined)("a PostgreSQL that", () => {
  if (postgres === undefined) return;
  const table = `parlor_keyv_${randomUUID().replaceAll("-", "")}`;
  const name = `parlor-keyv-${randomUUID()}`;
  afterAll(() => dropTable(postgres, table));

  async function make() {
    await dropTable(postgres as string, table);
    const proxy = new Proxy(postgres as string);
    const url = new URL(await proxy.start());
    url.searchParams.set("application_name", name);
    const { sessions } = keyvPostgres(url.href, { timeoutMs, table });
    onTestFinished(async () => {
      proxy.thaw();
      await sessions.close();
      await proxy.stop();
    });
    return { proxy, sessions, port: Number(url.port) };
  }

  it("is frozen, and thaws", async () => {
    const { proxy, sessions } = await make();
    await first(sessions);
    proxy.freeze();
    expect(await failures(sessions)).toEqual(allFailed);
    expect(await failures(sessions), "and again").toEqual(allFailed);
    proxy.thaw();
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });

  it("ends all connections, as a restart does", async () => {
    const { sessions } = await make();
    await first(sessions);
    const busy = Array.from({ length: 20 }, () => failure(sessions.messages(key, { limit: 10 })));
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${name}'`;
    expect(await onPostgres(postgres, end), "busy ones").not.toEqual([]);
    await Promise.all(busy);
    await sessions.get(key);
    expect(await onPostgres(postgres, end), "idle ones").not.toEqual([]);
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });

  it("is not there, and then is", async () => {
    const { proxy, sessions, port } = await make();
    await proxy.stop();
    expect(await failures(sessions)).toEqual(allFailed);
    await proxy.start(port);
    await vi.waitFor(() => first(sessions), { timeout: 10_000, interval: 20 });
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });

  it("refuses the write", async () => {
    const { sessions } = await make();
    await first(sessions);
    await onPostgres(postgres, `ALTER TABLE ${table} ADD CONSTRAINT small CHECK (length(value) < 2000) NOT VALID`);
    const append = [said("secret", "x".repeat(2_000))];
    const opened = sessions.open({ owner: "eve", id: "s1" }, { append, window });
    const error: unknown = await opened.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "store_unavailable", cause: { code: "23514" } });
    const { cause } = error as ChatError;
    const names = Object.getOwnPropertyNames(cause);
    expect(JSON.stringify(cause, names), "and what it says of rows is not passed on").not.toContain("secret");
    expect(await recovered(sessions)).toEqual(["before", "after"]);
  });
});

describe("names that the Postgres adapter would spell in two ways", () => {
  it("are refused", () => {
    for (const table of ["Parlor", "a-b", "1a", "", "a b", 'a"b', "a".repeat(64)])
      expect(() => keyvPostgres("postgres://127.0.0.1", { table })).toThrow(RangeError);
    expect(() => keyvPostgres("postgres://127.0.0.1", { schema: "A" })).toThrow(RangeError);
  });
});
