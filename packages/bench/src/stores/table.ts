import type { StoreFigures } from "./run.ts";

/** The results as a Markdown table. */
export function toStoreTable({ stores }: StoreFigures): string {
  const memory = stores.get("memory")?.turn;
  const head = [
    "",
    "a turn, µs",
    "× driver",
    "× memory",
    "before the model, µs",
    "client's CPU, µs",
    "turns/s, 32 at once",
  ];
  const align = ["---", ...head.slice(1).map(() => "---:")];
  const rows = [...stores].map(([name, { turn, beforeModel, cpu, bare, perSecond }]) => [
    name,
    toDigits(turn),
    bare === 0 ? "" : (turn / bare).toFixed(2),
    memory === undefined ? "" : toDigits(turn / memory),
    toDigits(beforeModel),
    toDigits(cpu),
    toDigits(perSecond),
  ]);
  return [head, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Three digits, without an exponent. */
function toDigits(figure: number): string {
  if (figure < 1_000) return figure.toPrecision(3);
  const unit = 10 ** (Math.floor(Math.log10(figure)) - 2);
  return (Math.round(figure / unit) * unit).toLocaleString("en");
}
