import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import type { Measure } from "./measures.ts";
import type { Figures, ServerName } from "./rounds.ts";

const titles: { readonly [name in ServerName]: string } = {
  raw: "raw loop",
  "by-hand": "by hand",
  parlor: "Parlor",
  "openai-sdk": "openai SDK",
  "ai-sdk": "AI SDK",
};

/** The results as a Markdown table: what each server takes and, in brackets, how many times what the raw loop takes. */
export function toTable(figures: Figures): string {
  const measured = new Set([...figures.values()].flatMap((medians) => [...medians.keys()]));
  const names = (Object.keys(titles) as ServerName[]).filter((name) => measured.has(name));
  const rows = [...figures].map(([measure, medians]) => {
    const raw = medians.get("raw");
    const cells = names.map((name) => toCell(medians.get(name), name === "raw" ? undefined : raw));
    return [`${measure.label}, ${measure.unit}`, ...cells, ...verdict(measure, medians.get("parlor"), raw)];
  });
  const head = ["CPU time of", ...names.map((name) => titles[name]), "budget", "met"];
  const align = ["---", ...head.slice(1).map(() => "---:")];
  return [head, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function toCell(figure: number | undefined, raw: number | undefined): string {
  if (figure === undefined) return "";
  return raw === undefined ? toDigits(figure) : `${toDigits(figure)} (${(figure / raw).toFixed(2)})`;
}

function verdict({ budget }: Measure, parlor: number | undefined, raw: number | undefined): readonly string[] {
  const unknown = parlor === undefined || raw === undefined;
  return [`≤ ${budget.toFixed(2)}`, unknown ? "" : parlor / raw <= budget ? "yes" : "no"];
}

const toDigits = (figure: number) => (figure < 1 ? figure.toFixed(2) : figure.toPrecision(3));

const stacks = ["openai", "ai", "@ai-sdk/openai-compatible", "express", "eventsource-parser"];

/** When, where and with what it ran. */
export async function toProvenance(rounds: number, now: Date, packages: readonly string[] = stacks): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
    readonly dependencies: { readonly [name: string]: string };
  };
  const versions = packages.map((name) => `${name} ${manifest.dependencies[name]}`).join(", ");
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? "unknown"}`;
  const date = now.toISOString().slice(0, 10);
  return `${date}, medians of ${rounds} rounds. Node ${process.version} on ${process.platform}, ${machine}. ${versions}.`;
}

const start = "<!-- bench -->";
const end = "<!-- /bench -->";

/** Replaces what stands between the markers of a page. Throws when they are not there. */
export async function writeBetweenMarkers(page: URL, content: string): Promise<void> {
  const text = await readFile(page, "utf8");
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${page.pathname} lacks the markers ${start} and ${end}`);
  await writeFile(page, `${text.slice(0, before + start.length)}\n\n${content}\n\n${text.slice(after)}`);
}
