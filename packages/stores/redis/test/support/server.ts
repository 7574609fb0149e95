import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { afterAll } from "vitest";

/** What is started: another Redis, or a server that speaks like one, where PARLOR_TEST_REDIS_SERVER names it (`valkey-server`). */
const program = process.env["PARLOR_TEST_REDIS_SERVER"] ?? "redis-server";

export const canStartServers = spawnSync(program, ["--version"]).status === 0;
if (!canStartServers) console.warn(`skipped: there is no ${program} to start`);

/** A server of the test's own. */
export interface Server {
  readonly url: string;
  readonly port: number;
  command(...command: string[]): Promise<unknown>;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** On the same port and with the same files; with other options, if they are given. */
  start(...options: string[]): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts servers; all are killed, and their files removed, at the end of the test file. */
export function servers(): (...options: string[]) => Promise<Server> {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => void (await Promise.all(ends.map((end) => end()))));
  return async (...options) => {
    const directory = mkdtempSync(join(tmpdir(), "parlor-redis-"));
    const port = await freePort();
    let child: ChildProcess | undefined;
    const kill = async () => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    };
    const command = async (...command: string[]) => {
      const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } }).on("error", () => {});
      await client.connect();
      try {
        return await client.sendCommand(command);
      } finally {
        client.destroy();
      }
    };
    const url = `redis://127.0.0.1:${port}`;
    const start = async (...more: string[]) => {
      const fixed = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
      child = spawn(program, [...fixed, ...options, ...more], { stdio: ["ignore", "pipe", "inherit"] });
      for await (const line of child.stdout ?? [])
        if (/Ready to accept|Loading the RDB|Reading RDB|DB loaded|Server initialized/.test(String(line))) break;
      child.stdout?.resume();
    };
    ends.push(async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    });
    await start();
    return {
      url,
      port,
      command,
      freeze: () => child?.kill("SIGSTOP"),
      thaw: () => child?.kill("SIGCONT"),
      kill,
      start,
    };
  };
}
