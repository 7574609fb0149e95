import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** The server under test has a core of its own; provider and load share the other. */
export const cores = { server: 0, load: 1 } as const;

export const canPin: boolean =
  availableParallelism() > 1 && spawnSync("taskset", ["-c", `${cores.server},${cores.load}`, "true"]).status === 0;

/** A process of the benchmark. It says one thing when it is ready and answers one question at a time. */
export class Child<Ready> {
  readonly ready: Ready;
  readonly #process: ChildProcess;

  private constructor(ready: Ready, child: ChildProcess) {
    this.ready = ready;
    this.#process = child;
  }

  /** Throws when it ends before it is ready. */
  static async start<Ready>(
    file: string,
    core: number,
    environment: Record<string, string> = {},
  ): Promise<Child<Ready>> {
    const command = [process.execPath, fileURLToPath(new URL(file, import.meta.url))];
    const [program = "", ...args] = canPin ? ["taskset", "-c", String(core), ...command] : command;
    const child = spawn(program, args, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_ENV: "production", ...environment },
    });
    return new Child((await said(child, file)) as Ready, child);
  }

  async ask(question: object): Promise<unknown> {
    const answer = said(this.#process, "A server");
    this.#process.send(question);
    return answer;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    this.#process.disconnect();
    await exit;
  }
}

async function said(child: ChildProcess, name: string): Promise<unknown> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    return await Promise.race([
      once(child, "message", { signal }).then(([message]) => message as unknown),
      once(child, "exit", { signal }).then(([code]) => {
        throw new Error(`${name} ended with ${String(code)}`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}
