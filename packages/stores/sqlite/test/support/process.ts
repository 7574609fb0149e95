import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** What a role tells the test; `kind` names it. */
export interface Notice {
  readonly kind: string;
  readonly value?: unknown;
}

/** A real process that plays one of the roles in `roles/`. */
export class Player {
  readonly heard: Notice[] = [];
  readonly #child: ChildProcess;
  #wake = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (notice) => {
      this.heard.push(notice as Notice);
      this.#wake();
    });
    child.once("exit", () => this.#wake());
  }

  /** The nth notice of this kind, from 0; throws when the process ends without it. */
  async says(kind: string, index = 0): Promise<Notice> {
    for (;;) {
      const found = this.heard.filter((notice) => notice.kind === kind)[index];
      if (found) return found;
      if (this.#over) throw new Error(`the process ended without saying ${kind}: ${JSON.stringify(this.heard.at(-1))}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  tell(kind: string): void {
    this.#child.send({ kind });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(name: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#over) return;
    const exit = once(this.#child, "exit");
    this.#child.kill(name);
    await exit;
  }

  async exits(): Promise<number | null> {
    if (!this.#over) await once(this.#child, "exit");
    return this.#child.exitCode;
  }

  get #over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** Starts processes; those still alive at the end of the test file are killed. */
export function players(): (role: string, args: readonly string[]) => Player {
  const started: Player[] = [];
  afterAll(async () => void (await Promise.all(started.map((player) => player.end()))));
  return (role, args) => {
    const script = fileURLToPath(new URL(`roles/${role}.ts`, import.meta.url));
    const player = new Player(fork(script, [...args], { execArgv: [] }));
    started.push(player);
    return player;
  };
}
