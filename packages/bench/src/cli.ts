import { parseArgs } from "node:util";
import { canPin } from "./child.ts";
import { measures } from "./measures.ts";
import { type Plan, runRounds, serverNames } from "./rounds.ts";
import { runStores } from "./stores/run.ts";
import { subjectNames } from "./stores/subjects.ts";
import { toStoreTable } from "./stores/table.ts";
import { toProvenance, toTable, writeBetweenMarkers } from "./table.ts";

const usage = `node packages/bench/src/cli.ts [--quick] [--write] [--stores | [--only <measure>]... [--profile <server>]]

  --quick    5 rounds in place of 15, and not the server by hand
  --write    puts the table into docs/performance.md, or docs/stores.md
  --stores   what stores cost; Redis and PostgreSQL where BENCH_REDIS and BENCH_POSTGRES say, or on this machine
  --only     ${measures.map(({ name }) => name).join(", ")}; default: all
  --profile  runs one server alone (${serverNames.join(", ")}) and writes <server>-<measure>.cpuprofile here`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    profile: { type: "string" },
    stores: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(usage);
else if (values.stores) await stores();
else await main();

async function stores(): Promise<void> {
  const rounds = values.quick ? 5 : 15;
  const figures = await runStores({
    stores: subjectNames,
    rounds,
    turns: 100,
    atOnce: 32,
    onRound: (name, round, { turn, bare }) =>
      console.error(`${name} ${round}: ${turn.toFixed(0)} µs a turn, ${bare.toFixed(0)} µs with the driver alone`),
  });
  const drivers = ["@redis/client", "pg", "keyv"];
  const provenance = await toProvenance(rounds, new Date(), drivers);
  const table = `${toStoreTable(figures)}\n\n${provenance} ${figures.servers.join(", ")}, on the same machine.`;
  console.log(`\n${table}`);
  if (values.write) await writeBetweenMarkers(new URL("../../../docs/stores.md", import.meta.url), table);
}

async function main(): Promise<void> {
  const profiled = serverNames.filter((name) => name === values.profile);
  const chosen = measures.filter(({ name }) => values.only?.includes(name) ?? true);
  const unknown = (values.profile !== undefined && profiled.length === 0) || chosen.length < (values.only?.length ?? 0);
  if (unknown || (values.write && (values.profile !== undefined || values.only !== undefined))) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  if (!canPin)
    console.error("taskset does not work here: all processes share all cores, and the figures are less steady.");

  const rounds = values.quick ? 5 : 15;
  const figures = await runRounds({
    servers: profiled.length > 0 ? profiled : serverNames.filter((name) => !(values.quick && name === "by-hand")),
    measures: chosen,
    rounds,
    ...(profiled.length > 0 && { profileTo: process.cwd() }),
    onRound: show,
  });
  const table = `${toTable(figures)}\n\n${await toProvenance(rounds, new Date())}`;
  console.log(`\n${table}`);
  if (values.write) await writeBetweenMarkers(new URL("../../../docs/performance.md", import.meta.url), table);
}

type Show = NonNullable<Plan["onRound"]>;

function show({ measure, round, figures }: Parameters<Show>[0]): void {
  const list = [...figures.keys()].toSorted().map((name) => `${name} ${figures.get(name)?.toFixed(3)}`);
  console.error(`${measure.name} ${round}: ${list.join(", ")} ${measure.unit}`);
}
