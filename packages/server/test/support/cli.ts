import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const program = join(import.meta.dirname, "../../src/cli.ts");

export interface Cli {
  readonly process: ChildProcess;
  /** Printed so far. */
  readonly output: { stdout: string; stderr: string };
  /** The exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** Resolves once stdout matches; rejects if the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Runs the real command in a folder of its own with nothing but these variables, and kills it after the test. */
export function runCli(variables: NodeJS.Dict<string>, args: readonly string[] = [], folder = emptyFolder()): Cli {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const exited = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    process: child,
    output,
    exited,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output.stdout);
          if (match) resolve(match);
        };
        child.stdout.on("data", look);
        look();
        void exited.then((code) => reject(new Error(`ended with ${code}: ${output.stdout}${output.stderr}`)));
      }),
  };
}

/** Its address, once it serves. */
export async function urlOf(cli: Cli): Promise<string> {
  const [, url] = await cli.printed(/curl -N "(http:\/\/[^/]+)\/.*\n[^]*-d '/);
  return url as string;
}

export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "parlor-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
