import { parseArgs } from "node:util";
import { canPin } from "./child.ts";
import { measures } from "./measures.ts";
import { type Plan, runRounds, serverNames } from "./rounds.ts";
import { toProvenance, toTable, writeBetweenMarkers } from "./table.ts";

const usage = `node packages/bench/src/cli.ts [--quick] [--write] [--only <measure>]... [--profile <server>]

  --quick    5 rounds in place of 15
  --write    puts the table into docs/performance.md
  --only     ${measures.map(({ name }) => name).join(", ")}; default: all
  --profile  runs one server alone (${serverNames.join(", ")}) and writes <server>-<measure>.cpuprofile here`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    profile: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(usage);
else await main();

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
    servers: profiled.length > 0 ? profiled : serverNames,
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
