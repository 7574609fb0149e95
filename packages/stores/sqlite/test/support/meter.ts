import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface Cost {
  /** How often each statement ran. */
  readonly statements: Readonly<Record<string, number>>;
  /** Bytes that this thread read from and wrote to files. */
  readonly read: number;
  readonly written: number;
}

const counts = new Map<string, number>();

const probe = new DatabaseSync(":memory:");
const prototype = Object.getPrototypeOf(probe.prepare("SELECT 1")) as Record<string, (...args: unknown[]) => unknown>;
for (const method of ["get", "all", "run", "iterate"]) {
  const original = prototype[method] as (...args: unknown[]) => unknown;
  prototype[method] = function (this: { sourceSQL: string }, ...args: unknown[]) {
    counts.set(this.sourceSQL, (counts.get(this.sourceSQL) ?? 0) + 1);
    return Reflect.apply(original, this, args);
  };
}
probe.close();

/** Every statement that ran in this process so far. */
export const statementsSoFar = (): string[] => [...counts.keys()];

const ioFile = "/proc/thread-self/io";

/** Whether this system tells how much a thread reads and writes. */
export const tellsBytes = existsSync(ioFile);

function bytes(): { read: number; written: number } {
  const text = tellsBytes ? readFileSync(ioFile, "utf8") : "";
  const value = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  return { read: value("rchar"), written: value("wchar") };
}

/** What `work` costs in statements and bytes. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  counts.clear();
  const before = bytes();
  await work();
  const after = bytes();
  return {
    statements: Object.fromEntries(counts),
    read: after.read - before.read,
    written: after.written - before.written,
  };
}
