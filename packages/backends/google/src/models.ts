import type { ModelInfo, ModelPrices, ModelSettings, ReasoningEffort } from "@parlor/core";
import type { ThinkingConfig } from "./gemini.ts";

/** What every Gemini model can. */
export const capabilities = [
  "streaming",
  "reasoning",
  "tools",
  "images",
  "files",
  "structured-output",
  "multi-turn",
] as const satisfies ModelInfo["capabilities"];

/** How a model is told how much to think. */
type Thinking =
  /** `asks`: the level for a model that would hardly think by itself. */
  | { readonly levels: readonly Level[]; readonly asks?: Level }
  /** Tokens it takes at least and at most; `off`: 0 switches it off. */
  | { readonly budget: readonly [least: number, most: number]; readonly off: boolean };

const order = ["MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"] as const;
type Level = (typeof order)[number];

interface Model {
  readonly name: RegExp;
  readonly contextWindow?: number;
  readonly thinking?: Thinking;
  /** Of these the first whose last day has not passed. */
  readonly prices?: readonly (ModelPrices & { readonly until?: string })[];
}

const upToHigh: Thinking = { levels: ["LOW", "MEDIUM", "HIGH"] };
const fromMinimal: Thinking = { levels: ["MINIMAL", "LOW", "MEDIUM", "HIGH"] };
const hardly: Thinking = { ...fromMinimal, asks: "MEDIUM" };
const upToXhigh: Thinking = { levels: ["LOW", "MEDIUM", "HIGH", "XHIGH"] };

/** Half of the usual price, which Google has announced for the day after. */
const introduced = (input: number, output: number, cachedInput: number, asOf: string, until: string) => [
  { input, output, cachedInput, asOf, until },
  { input: input * 2, output: output * 2, cachedInput: cachedInput * 2, asOf },
];
const flash2026 = introduced(0.75, 3.75, 0.075, "2026-10-07", "2026-12-31");
const always = (input: number, output: number, cachedInput: number, asOf = "2026-10-07") => [
  { input, output, cachedInput, asOf },
];
/** For models that cost more beyond 200,000 tokens: twice the input, half as much again for the output. */
const longer = (input: number, output: number, cachedInput: number) => {
  const above = { inputTokens: 200_000, input: input * 2, output: output * 1.5, cachedInput: cachedInput * 2 };
  return always(input, output, cachedInput).map((prices) => ({ ...prices, above }));
};

/**
 * What is known of models, as of 2026-11-21. The first name that fits counts. Levels: Google's page on thinking. Prices: Google's
 * page on prices, paid tier, text.
 */
const models: readonly Model[] = [
  { name: /image|-tts|-live|native-audio|embedding/ },
  { name: /^gemini-(flash|flash-lite|pro)-latest/, thinking: upToHigh },
  { name: /^gemini-4-argon/, thinking: upToHigh, prices: introduced(2, 10, 0.1, "2026-10-14", "2026-11-30") },
  { name: /^gemini-4-neon/, thinking: upToXhigh, prices: always(3, 15, 0.15, "2026-11-19") },
  { name: /^gemini-4-hydrogen/, thinking: upToXhigh, prices: always(1.5, 7.5, 0.075, "2026-11-19") },
  { name: /^gemini-4/, thinking: upToHigh },
  { name: /^gemini-3\.[78]-flash(?!-lite)/, thinking: upToHigh, prices: flash2026 },
  { name: /^gemini-3\.6-flash(?!-lite)/, thinking: fromMinimal, prices: flash2026 },
  { name: /^gemini-3\.5-flash-lite/, thinking: hardly, prices: always(0.3, 2.5, 0.03) },
  { name: /^gemini-3\.5-flash/, thinking: fromMinimal, prices: always(1.5, 9, 0.15) },
  { name: /^gemini-3\.1-flash-lite/, thinking: hardly, prices: always(0.25, 1.5, 0.025) },
  { name: /^gemini-3\.1-pro/, thinking: upToHigh, prices: longer(2, 12, 0.2) },
  { name: /^gemini-3-flash/, thinking: fromMinimal, prices: always(0.5, 3, 0.05) },
  { name: /^gemini-3-pro/, thinking: { levels: ["LOW", "HIGH"] } },
  { name: /^gemini-3/, thinking: upToHigh },
  { name: /^gemini-2\.5-pro/, thinking: { budget: [128, 32_768], off: false }, prices: longer(1.25, 10, 0.125) },
  { name: /^gemini-2\.5-flash-lite/, thinking: { budget: [512, 24_576], off: true }, prices: always(0.1, 0.4, 0.01) },
  { name: /^gemini-2\.5-flash/, thinking: { budget: [1, 24_576], off: true }, prices: always(0.3, 2.5, 0.03) },
  { name: /^gemini-1\.5-pro/, contextWindow: 2_097_152 },
  { name: /^gemma-3/, contextWindow: 131_072 },
];

/** Of `models/gemini-2.5-pro`, and of Vertex AI's longer ones, the last part. */
function modelOf(name: string): Model | undefined {
  const bare = name.slice(name.lastIndexOf("/") + 1).toLowerCase();
  return models.find((model) => model.name.test(bare));
}

export function contextWindowOf(name: string): number {
  return modelOf(name)?.contextWindow ?? 1_048_576;
}

/** Previews and names that move on are not in `v1`: https://github.com/googleapis/js-genai/releases/tag/v3.0.0 */
export function apiVersionOf(name: string): string {
  return /-latest$|preview|-exp\b/.test(name) ? "v1beta" : "v1";
}

/** `today`: YYYY-MM-DD. */
export function pricesOf(name: string, today: string): ModelPrices | undefined {
  const found = modelOf(name)?.prices?.find(({ until = "9999" }) => today <= until);
  if (found === undefined) return undefined;
  const { until: _, ...prices } = found;
  return prices;
}

/** Whether function calls must come back with a signature: Gemini 3 and later refuse those without. */
export function wantsSignatures(name: string): boolean {
  const thinking = modelOf(name)?.thinking;
  return thinking !== undefined && "levels" in thinking;
}

/** Thoughts in tokens, as Google maps OpenAI's efforts: https://ai.google.dev/gemini-api/docs/openai#thinking */
const budgets: { readonly [effort in ReasoningEffort]: number } = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};

const wanted: { readonly [effort in ReasoningEffort]: number } = {
  none: 0,
  minimal: 0,
  low: 1,
  medium: 2,
  high: 3,
  xhigh: 4,
  max: 4,
};

/** `show`: whether thoughts are to be told. Nothing is sent for a model of which nothing is known, unless the settings ask. */
export function toThinking(name: string, settings: ModelSettings, show: boolean): ThinkingConfig | undefined {
  const thinking = modelOf(name)?.thinking;
  const { effort = settings.thinking === false ? "none" : undefined } = settings;
  if (thinking === undefined && effort === undefined && settings.thinking === undefined) return undefined;
  const told = { includeThoughts: show && effort !== "none" };
  if (thinking === undefined) return effort === undefined ? told : { ...told, thinkingBudget: budgets[effort] };
  if ("levels" in thinking) {
    const level = effort === undefined ? settings.thinking && thinking.asks : nearest(thinking.levels, wanted[effort]);
    return { ...told, ...(level && { thinkingLevel: level }) };
  }
  if (effort === undefined) return { ...told, ...(settings.thinking && { thinkingBudget: -1 }) };
  const [least, most] = thinking.budget;
  const off = effort === "none" && thinking.off;
  return { ...told, thinkingBudget: off ? 0 : Math.min(most, Math.max(least, budgets[effort])) };
}

function nearest(levels: readonly Level[], rank: number): Level {
  const distance = (level: Level): number => Math.abs(order.indexOf(level) - rank);
  return levels.reduce((best, level) => (distance(level) < distance(best) ? level : best));
}
