import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What `node.ts` says. */
export interface Line {
  readonly accepted?: string;
  readonly message?: string;
  readonly answer?: string;
  readonly turn?: string;
  readonly text?: string;
  readonly ended?: string;
  readonly error?: string;
}

export interface NodeProcess {
  readonly process: ChildProcess;
  /** Everything it has said so far. */
  readonly lines: readonly Line[];
  /** Resolves with the first line that fits; rejects when it ends without. */
  line(fits: (line: Line) => boolean): Promise<Line>;
  /** Kills it at once; resolves when it is gone and all it said was read. */
  kill(): Promise<void>;
}

export function spawnNode(...args: readonly string[]): NodeProcess {
  const script = fileURLToPath(new URL("node.ts", import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const reader = createInterface({ input: child.stdout });
  const wake = () => {
    for (const one of waiting) one();
  };
  const closed = new Promise<void>((resolve) => reader.once("close", resolve));
  let over = false;
  reader.on("line", (line) => {
    lines.push(JSON.parse(line) as Line);
    wake();
  });
  void closed.then(() => {
    over = true;
    wake();
  });
  return {
    process: child,
    lines,
    line: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(fits);
          if (!found && !over) return;
          waiting.delete(look);
          if (found) resolve(found);
          else reject(new Error("the node ended without saying so"));
        };
        waiting.add(look);
        look();
      }),
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
