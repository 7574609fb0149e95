import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";

const execute = promisify(execFile);

/** A PostgreSQL server that a test may stop, freeze and break. */
export interface Cluster {
  readonly url: string;
  /** Of its own Unix socket. */
  readonly directory: string;
  readonly stop: (mode: "fast" | "immediate") => Promise<void>;
  readonly start: () => Promise<void>;
  /** Stops every process of it where it is: connections stay open, and nothing answers. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Runs one statement as a superuser on a connection of its own. */
  readonly query: <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
  /** Makes a standby a server of its own. */
  readonly promote: () => Promise<void>;
  readonly destroy: () => Promise<void>;
}

/**
 * Undefined, with the reason printed, where there are no binaries. `more`: further arguments of the server. `primary`: it begins as a
 * standby of the server there.
 */
export async function startCluster(more = "", primary?: string): Promise<Cluster | undefined> {
  const binaries = findBinaries();
  if (!binaries) {
    process.stderr.write(
      "left out: no PostgreSQL binaries (initdb) in /usr/lib/postgresql/*/bin or PARLOR_TEST_PGBIN\n",
    );
    return undefined;
  }
  const port = await freePort();
  const root = process.getuid?.() === 0;
  const directory = await mkdtemp(join(tmpdir(), "parlor-postgres-"));
  // The server refuses to run as root.
  if (root) await execute("chown", ["postgres", directory]);
  const run = async (command: string, ...rest: string[]) => {
    const all = [join(binaries, command), ...rest];
    const [file = "", ...args] = root ? ["runuser", "-u", "postgres", "--", ...all] : all;
    await execute(file, args, { cwd: directory });
  };
  const data = join(directory, "data");
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const settings = `-p ${port} -k ${directory} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60 ${more}`;

  // Also when a test never came to its end.
  process.once("exit", () => signal(data, "SIGKILL"));
  const cluster: Cluster = {
    url,
    directory,
    stop: (mode) => run("pg_ctl", "stop", "-D", data, "-m", mode, "-w"),
    start: () => run("pg_ctl", "start", "-D", data, "-l", join(directory, "log"), "-o", settings, "-w"),
    freeze: () => signal(data, "SIGSTOP"),
    thaw: () => signal(data, "SIGCONT"),
    query: async <Row>(text: string, values: readonly unknown[] = []) => {
      const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
      await client.connect();
      try {
        return (await client.query(text, [...values])).rows as Row[];
      } finally {
        await client.end();
      }
    },
    promote: () => run("pg_ctl", "promote", "-D", data, "-w"),
    destroy: async () => {
      signal(data, "SIGCONT");
      await run("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w").catch(() => {});
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    if (primary === undefined)
      await run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
    else await run("pg_basebackup", "-d", primary, "-D", data, "-R", "-c", "fast", "--no-sync");
    await cluster.start();
  } catch (error) {
    await cluster.destroy();
    throw error;
  }
  return cluster;
}

function findBinaries(): string | undefined {
  const given = process.env["PARLOR_TEST_PGBIN"];
  if (given !== undefined) return given;
  const versions = "/usr/lib/postgresql";
  const found = existsSync(versions) ? readdirSync(versions).map((name) => join(versions, name, "bin")) : [];
  return found.toSorted().findLast((path) => existsSync(join(path, "initdb")));
}

/** The server's processes: the first one and its children. */
function signal(data: string, name: NodeJS.Signals): void {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const first = Number(readFileSync(file, "utf8").split("\n")[0]);
  const children = readFileSync(`/proc/${first}/task/${first}/children`, "utf8").trim().split(/\s+/).filter(Boolean);
  for (const pid of [first, ...children.map(Number)]) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
