import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./cluster.ts";

export const canPool = spawnSync("pgbouncer", ["--version"]).status === 0;
if (!canPool) process.stderr.write("left out: there is no pgbouncer to start\n");

/** PgBouncer in transaction mode before a server: its clients share a few connections, a transaction at a time. */
export interface Pooler {
  /** The same database through it. */
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  destroy(): Promise<void>;
}

export async function startPooler(url: string, connections: number): Promise<Pooler> {
  const { hostname, port: serverPort, pathname, username, password } = new URL(url);
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "parlor-pgbouncer-"));
  const file = join(directory, "pgbouncer.ini");
  const login = `user=${username || "postgres"}${password && ` password=${decodeURIComponent(password)}`}`;
  const settings = [
    "[databases]",
    `* = host=${hostname} port=${serverPort || "5432"} ${login}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    `default_pool_size = ${connections}`,
    "max_client_conn = 200",
    // After a failed login the server is asked again at once, not after 15 s.
    "server_login_retry = 0.1",
  ];
  writeFileSync(file, settings.join("\n"));
  const root = process.getuid?.() === 0;
  // It refuses to run as root.
  if (root) execFileSync("chown", ["-R", "postgres", directory]);
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  const start = async () => {
    const as = root ? { uid: idOf("-u"), gid: idOf("-g") } : {};
    child = spawn("pgbouncer", [file], { stdio: ["ignore", "ignore", "pipe"], ...as });
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
      said.push(line);
      if (line.includes("process up")) break;
    }
    if (!said.at(-1)?.includes("process up")) throw new Error(`pgbouncer did not start: ${said.join("\n")}`);
    child.stderr?.resume();
  };
  await start();
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(port);
  through.pathname = pathname;
  return {
    url: through.href,
    start,
    kill,
    freeze: () => child?.kill("SIGSTOP"),
    thaw: () => child?.kill("SIGCONT"),
    async destroy() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const idOf = (which: "-u" | "-g") => Number(execFileSync("id", [which, "postgres"]).toString());
