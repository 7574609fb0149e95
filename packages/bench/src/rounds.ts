import { Child, cores } from "./child.ts";
import { load } from "./client.ts";
import type { Measure } from "./measures.ts";
import { median } from "./median.ts";
import type { Question } from "./servers/serve.ts";

export const serverNames = ["raw", "by-hand", "parlor", "openai-sdk", "ai-sdk"] as const;
export type ServerName = (typeof serverNames)[number];

export interface Plan {
  readonly servers: readonly ServerName[];
  readonly measures: readonly Measure[];
  readonly rounds: number;
  /** Where a .cpuprofile of all rounds of a measure goes, one per server. */
  readonly profileTo?: string;
  readonly onRound?: (round: Round) => void;
}

/** CPU time of each server in one round, in the measure's unit. */
export interface Round {
  readonly measure: Measure;
  readonly round: number;
  readonly figures: ReadonlyMap<ServerName, number>;
}

/** By measure: the median of its rounds, per server. */
export type Figures = ReadonlyMap<Measure, ReadonlyMap<ServerName, number>>;

type Server = Child<number>;

/** Runs everything in processes of its own. Throws when a reply is short or a process ends. */
export async function runRounds(plan: Plan): Promise<Figures> {
  const children: Child<unknown>[] = [];
  const start = async <Ready>(...args: Parameters<typeof Child.start>): Promise<Child<Ready>> => {
    const child = await Child.start<Ready>(...args);
    children.push(child);
    return child;
  };
  try {
    const provider = await start<string>("./provider.ts", cores.load);
    const servers = new Map<ServerName, Server>();
    for (const name of plan.servers) {
      const environment = { BENCH_PROVIDER: provider.ready };
      servers.set(name, await start<number>(`./servers/${name}.ts`, cores.server, environment));
    }
    for (const server of servers.values()) await warmUp(server, plan.measures);
    const figures = new Map<Measure, ReadonlyMap<ServerName, number>>();
    for (const measure of plan.measures) figures.set(measure, await runMeasure(plan, servers, measure));
    return figures;
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

/** All kinds of load before anything is measured: V8 goes on compiling for tens of thousands of turns. */
async function warmUp(server: Server, loads: readonly Measure[]): Promise<void> {
  for (const measure of loads) {
    const until = performance.now() + measure.warmUpMs;
    while (performance.now() < until) await load(server.ready, measure);
  }
}

async function runMeasure(
  plan: Plan,
  servers: ReadonlyMap<ServerName, Server>,
  measure: Measure,
): Promise<ReadonlyMap<ServerName, number>> {
  const all = new Map<ServerName, number[]>();
  if (plan.profileTo !== undefined) for (const server of servers.values()) await ask(server, { ask: "startProfile" });
  for (let round = 1; round <= plan.rounds; round++) {
    const figures = new Map<ServerName, number>();
    // Each server is first in turn, so that none always runs after the same one.
    const shift = (round - 1) % servers.size;
    const order = [...servers].slice(shift).concat([...servers].slice(0, shift));
    for (const [name, server] of order) {
      figures.set(name, await runOnce(server, measure));
    }
    for (const [name, figure] of figures) all.set(name, [...(all.get(name) ?? []), figure]);
    plan.onRound?.({ measure, round, figures });
  }
  if (plan.profileTo !== undefined) {
    for (const [name, server] of servers) {
      await ask(server, { ask: "endProfile", path: `${plan.profileTo}/${name}-${measure.name}.cpuprofile` });
    }
  }
  return new Map([...all].map(([name, list]) => [name, median(list)]));
}

async function runOnce(server: Server, measure: Measure): Promise<number> {
  const before = (await ask(server, { ask: "cpu" })) as number;
  const moved = await load(server.ready, measure);
  const after = (await ask(server, { ask: "cpu" })) as number;
  const micros = (after - before) / (measure.per === "token" ? moved.tokens : moved.replies);
  return measure.unit === "ms" ? micros / 1000 : micros;
}

const ask = (server: Server, question: Question) => server.ask(question);
