import { type Subject, subjects, type SubjectName } from "./subjects.ts";
import { storeTurn } from "./turn.ts";
import { median } from "../median.ts";

/** Runs rounds of one store, the one that BENCH_STORE names, whenever the harness asks for one. */

export interface StoreRound {
  /** Microseconds at the median. */
  readonly turn: number;
  readonly beforeModel: number;
  /** Of this process, a turn on the average: user and system time of all threads. */
  readonly cpu: number;
  /** As many round trips with the driver alone; 0: there is no driver. */
  readonly bare: number;
  /** Turns a second when many run at once. */
  readonly perSecond: number;
}

/** Messages that a session has before it is measured: what a window holds. */
const earlierTurns = 25;

export type StoreQuestion =
  | { readonly ask: "round"; readonly turns: number; readonly atOnce: number }
  | { readonly ask: "close" };

const name = process.env["BENCH_STORE"] as SubjectName;
const subject: Subject = await subjects[name]();
let count = 0;

async function session(): Promise<string> {
  const id = `s${count++}`;
  for (let turn = 0; turn < earlierTurns; turn++) await storeTurn(subject.storage, id, `t${count++}`);
  return id;
}

/** Made once, since that takes longer than a round. */
let single: Promise<string> | undefined;
let many: Promise<readonly string[]> | undefined;

async function round(turns: number, atOnce: number): Promise<StoreRound> {
  const one = await (single ??= session());
  const times: { readonly turnMs: number; readonly beforeModelMs: number }[] = [];
  const bare: number[] = [];
  let cpu = 0;
  for (let turn = 0; turn < turns; turn++) {
    const before = process.cpuUsage();
    times.push(await storeTurn(subject.storage, one, `t${count++}`));
    const { user, system } = process.cpuUsage(before);
    cpu += user + system;
    // In turns, so that what else the machine does is in both.
    const since = performance.now();
    await subject.bare?.();
    bare.push(performance.now() - since);
  }
  const sessions = await (many ??= Promise.all(Array.from({ length: atOnce }, session)));
  const since = performance.now();
  const each = Math.ceil(turns / atOnce);
  await Promise.all(
    sessions.map(async (id) => {
      for (let turn = 0; turn < each; turn++) await storeTurn(subject.storage, id, `t${count++}`);
    }),
  );
  return {
    turn: median(times.map(({ turnMs }) => turnMs)) * 1_000,
    beforeModel: median(times.map(({ beforeModelMs }) => beforeModelMs)) * 1_000,
    cpu: cpu / turns,
    bare: subject.bare ? median(bare) * 1_000 : 0,
    perSecond: (each * atOnce * 1_000) / (performance.now() - since),
  };
}

process.on("disconnect", () => process.exit());
process.on("message", (question: StoreQuestion) => {
  const answer = question.ask === "round" ? round(question.turns, question.atOnce) : subject.close();
  void answer.then((value) => process.send?.(value ?? "done"));
});
process.send?.(subject.server ?? "");
