import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@keyv/redis";

export const canStartRedis = spawnSync("redis-server", ["--version"]).status === 0;
if (!canStartRedis) process.stderr.write("left out: there is no redis-server to start\n");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A Redis of the test's own that keeps its data over a restart. Not started yet. */
export class RedisServer {
  readonly url: string;
  readonly #options: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), "parlor-keyv-redis-"));
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.url = `redis://127.0.0.1:${port}`;
    const files = ["--dir", this.#directory, "--appendonly", "yes", "--save", ""];
    this.#options = ["--port", String(port), "--bind", "127.0.0.1", ...files];
  }

  static async create(): Promise<RedisServer> {
    return new RedisServer(await freePort());
  }

  async start(): Promise<void> {
    const child = spawn("redis-server", this.#options, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    for await (const line of child.stdout) if (String(line).includes("Ready to accept")) break;
    child.stdout.resume();
  }

  async command(...command: string[]): Promise<void> {
    const client = createClient({ url: this.url });
    client.on("error", () => {});
    await client.connect();
    await client.sendCommand(command);
    client.destroy();
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
