import { Child, cores } from "../child.ts";
import { median } from "../median.ts";
import type { StoreQuestion, StoreRound } from "./child.ts";
import type { SubjectName } from "./subjects.ts";

export interface StorePlan {
  readonly stores: readonly SubjectName[];
  readonly rounds: number;
  /** Turns of a round. */
  readonly turns: number;
  /** Sessions in which turns run at once, where many do. */
  readonly atOnce: number;
  readonly onRound?: (name: SubjectName, round: number, figures: StoreRound) => void;
}

export interface StoreFigures {
  /** The median of its rounds, per store. */
  readonly stores: ReadonlyMap<SubjectName, StoreRound>;
  /** With their versions. */
  readonly servers: readonly string[];
}

/** Runs each store in a process of its own, one after the other, round by round. Throws when one fails. */
export async function runStores({ stores, rounds, turns, atOnce, onRound }: StorePlan): Promise<StoreFigures> {
  const children = new Map<SubjectName, Child<string>>();
  const ask = (child: Child<string>, question: StoreQuestion) => child.ask(question);
  const all = new Map<SubjectName, StoreRound[]>();
  try {
    for (const name of stores)
      children.set(name, await Child.start("./stores/child.ts", cores.server, { BENCH_STORE: name }));
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const [name, child] of children) {
        const figures = (await ask(child, { ask: "round", turns, atOnce })) as StoreRound;
        if (round === 0) continue;
        all.set(name, [...(all.get(name) ?? []), figures]);
        onRound?.(name, round, figures);
      }
    }
  } finally {
    for (const child of children.values()) {
      await ask(child, { ask: "close" });
      await child.close();
    }
  }
  const servers = Array.from(children.values(), ({ ready }) => ready).filter((server) => server !== "");
  return {
    stores: new Map([...all].map(([name, list]) => [name, medians(list)])),
    servers: [...new Set(servers)],
  };
}

function medians(list: readonly StoreRound[]): StoreRound {
  const of = (figure: keyof StoreRound) => median(list.map((round) => round[figure]));
  return {
    turn: of("turn"),
    beforeModel: of("beforeModel"),
    cpu: of("cpu"),
    bare: of("bare"),
    perSecond: of("perSecond"),
  };
}
