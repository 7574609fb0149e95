import {
  type ChatEngine,
  createChatEngine,
  type EngineOptions,
  memory,
  type Storage,
  type Turn,
  type TurnEvent,
} from "../../src/index.ts";
import {
  type ManualClock,
  manualClock,
  scriptedBackend,
  type ScriptedBackend,
  type ScriptedOptions,
  type Step,
} from "../../src/testing/index.ts";

export interface Node {
  readonly engine: ChatEngine;
  readonly backend: ScriptedBackend;
}

export interface World extends Node {
  readonly clock: ManualClock;
  readonly storage: Storage;
  /** Another process on the same storage. */
  node(options?: Partial<EngineOptions>): Node;
}

/** An engine on memory storage and a clock that only moves when told. */
export function world(
  script: Parameters<typeof scriptedBackend>[0] | readonly Step[],
  options: Partial<EngineOptions> = {},
  scripted: ScriptedOptions = {},
): World {
  const clock = manualClock();
  const storage = options.storage ?? memory({ clock });
  const node = (more: Partial<EngineOptions> = {}): Node => {
    const backend = scriptedBackend(script, scripted);
    return {
      backend,
      engine: createChatEngine({ backend, clock, ...options, ...more, storage: more.storage ?? storage }),
    };
  };
  return { clock, storage, node, ...node() };
}

export const ada = { owner: "ada", session: "s1" } as const;
export const key = { owner: "ada", id: "s1" } as const;

/** Everything a reader gets after an offset, up to the end or an error. */
export function readAll(turn: Turn, after = 0): Promise<readonly TurnEvent[]> {
  return new Promise((resolve, reject) => {
    const all: TurnEvent[] = [];
    turn.subscribe(after, {
      onBatch: (events) => {
        all.push(...events);
        if (all.at(-1)?.type === "end") resolve(all);
      },
      onError: reject,
    });
  });
}

export const textOf = (events: readonly TurnEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

/** Lets everything that is ready run, without time passing. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves time in small steps, letting what wakes up run between them. */
export async function pass(clock: ManualClock, ms: number, step = 250): Promise<void> {
  for (let gone = 0; gone < ms; gone += step) {
    clock.advance(Math.min(step, ms - gone));
    await settle();
  }
}

/** Resolves with the text events a live turn has given once there are n. */
export function texts(turn: Turn, n: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    turn.subscribe(0, {
      onBatch: (events) => {
        seen += events.filter((event) => event.type === "text").length;
        if (seen < n) return true;
        resolve();
        return false;
      },
    });
  });
}
