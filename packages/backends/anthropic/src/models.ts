import type { ModelPrices, ReasoningEffort } from "@parlor/core";

export type Effort = "low" | "medium" | "high" | "xhigh" | "max";

/** What of a model shapes a request. */
export interface ModelFacts {
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  /** Most tokens of an answer, thoughts included. */
  readonly maxOutput: number;
  /**
   * `always`: it thinks as it sees fit and cannot be told not to. `between-tools`: likewise, but can be kept to notes between tool
   * calls. `on`, `off`: as it sees fit, and that is its default or not. `budget`: only with a budget of tokens. `unknown`.
   */
  readonly thinking: "always" | "between-tools" | "on" | "off" | "budget" | "unknown";
  /** The steps of `output_config.effort` that it knows, lowest first. */
  readonly efforts: readonly Effort[];
  /** Whether it takes temperature, top_p and top_k, under an API version that has them. */
  readonly sampling: boolean;
  readonly prices?: ModelPrices;
}

const all: readonly Effort[] = ["low", "medium", "high", "xhigh", "max"];
const noXhigh: readonly Effort[] = ["low", "medium", "high", "max"];
const toHigh: readonly Effort[] = ["low", "medium", "high"];
const asOf = "2026-11-21";
const prices = (
  input: number,
  output: number,
  cachedInput: number,
  above?: ModelPrices["above"],
): { prices: ModelPrices } => ({ prices: { input, output, cachedInput, ...(above && { above }), asOf } });

const million = { contextWindow: 1_000_000, maxOutput: 128_000, efforts: all, sampling: false } as const;
const older = { contextWindow: 200_000, maxOutput: 64_000, thinking: "budget", efforts: [], sampling: true } as const;

const longHaiku = { inputTokens: 100_000, input: 0.5, output: 2.5, cachedInput: 0.05 };

/** Read off platform.claude.com (models, pricing, thinking, effort) on the day of `asOf`. The first prefix that fits counts. */
const table: readonly (readonly [prefix: RegExp, facts: ModelFacts])[] = [
  [/^claude-(fable|mythos)-5-/, { ...million, thinking: "always", ...prices(10, 50, 0.25) }],
  [/^claude-(fable|mythos)-5/, { ...million, thinking: "always", ...prices(10, 50, 1) }],
  [/^claude-opus-5-5/, { ...million, thinking: "always", ...prices(4, 20, 0.2) }],
  [/^claude-sonnet-5-5/, { ...million, thinking: "between-tools", ...prices(2, 10, 0.1) }],
  [/^claude-haiku-5-5/, { ...million, thinking: "on", ...prices(0.1, 0.5, 0.01, longHaiku) }],
  [/^claude-opus-5/, { ...million, thinking: "on", ...prices(5, 25, 0.5) }],
  [/^claude-sonnet-5/, { ...million, thinking: "on", ...prices(2, 10, 0.2) }],
  [/^claude-opus-4-[78]/, { ...million, thinking: "off", ...prices(5, 25, 0.5) }],
  [/^claude-opus-4-6/, { ...million, thinking: "off", efforts: noXhigh, sampling: true, ...prices(5, 25, 0.5) }],
  [
    /^claude-sonnet-4-6/,
    { ...million, maxOutput: 64_000, thinking: "off", efforts: noXhigh, sampling: true, ...prices(3, 15, 0.3) },
  ],
  [/^claude-opus-4-5/, { ...older, efforts: toHigh, ...prices(5, 25, 0.5) }],
  [/^claude-opus-4/, { ...older, maxOutput: 32_000, ...prices(15, 75, 1.5) }],
  [/^claude-sonnet-4/, { ...older, ...prices(3, 15, 0.3) }],
  [/^claude-haiku-4-5/, { ...older, ...prices(1, 5, 0.1) }],
  [/^claude-3-7/, { ...older, ...prices(3, 15, 0.3) }],
  [/^claude-3-5/, { ...older, maxOutput: 8192, thinking: "unknown" }],
  [/^claude-3/, { ...older, maxOutput: 4096, thinking: "unknown" }],
  [/^minimax-m2/, { ...older, contextWindow: 204_800, thinking: "unknown" }],
];

/** A Claude that came later is taken for one of the newest kind; of anything else little is assumed. */
const newest: ModelFacts = { ...million, thinking: "on" };
const stranger: ModelFacts = { ...older, contextWindow: 128_000, maxOutput: 8192, thinking: "unknown" };

/** The facts of a model by its name; a provider's own prefix (`anthropic/…`, `us.anthropic.…`) is ignored. */
export function factsOf(model: string): ModelFacts {
  const bare = /claude-.*/.exec(model.toLowerCase())?.[0] ?? model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  const known = table.find(([prefix]) => prefix.test(bare))?.[1];
  return known ?? (bare.startsWith("claude-") ? newest : stranger);
}

const steps: readonly ReasoningEffort[] = ["none", "minimal", ...all];

/** The highest step that the model knows and that is not above `wanted`, else its lowest. */
export function nearestEffort(efforts: readonly Effort[], wanted: ReasoningEffort): Effort | undefined {
  const within = efforts.filter((effort) => steps.indexOf(effort) <= steps.indexOf(wanted));
  return within.at(-1) ?? efforts[0];
}
