import type Anthropic from "@anthropic-ai/sdk";
import { ChatError, type ModelSettings, type ReasoningEffort, type ToolChoice } from "@parlor/core";
import { nearestEffort, type Effort, type ModelFacts } from "./models.ts";
import type { Resolved } from "./options.ts";

/** The newest API version that has temperature, top_p and top_k. */
const samplingVersion = "2023-06-01";

/** The SDK's types know the newest version only. */
export interface Sampling {
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
}

export interface Thinking {
  readonly thinking?: Anthropic.ThinkingConfigParam;
  readonly effort?: Effort;
  readonly sampling: Sampling;
}

/** Tokens for the thoughts of a model that wants a budget. */
const budgets: { readonly [effort in ReasoningEffort]: number } = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 65_536,
};
const leastBudget = 1024;
/** With fewer tokens for thoughts and answer together, thoughts could take them all. */
const roomToThink = 2048;

export interface Asked {
  readonly settings: ModelSettings;
  readonly maxTokens: number;
  readonly toolChoice: ToolChoice | undefined;
  /** Whether the steps of this turn so far have lost their thoughts; a model with a budget must have them back. */
  readonly thoughtless: boolean;
}

/**
 * How a model should think, in the way that this one can be told; unasked, not where there is no room for it. Models that cannot be kept from thinking cannot be made to call a
 * tool either: then this throws `unsupported_by_model`. Others do not think where they must call one.
 */
export function toThinking(options: Resolved, asked: Asked): Thinking {
  const { facts, model } = options;
  const { effort: wanted, thinking: told } = asked.settings;
  const free = facts.thinking === "always" || facts.thinking === "between-tools";
  const forced = asked.toolChoice === "required" || typeof asked.toolChoice === "object";
  if (forced && free) {
    const detail = `${model} cannot be made to call a tool. Leave the choice to it ("auto").`;
    throw new ChatError("unsupported_by_model", detail);
  }
  const byItself = free || facts.thinking === "on";
  const unasked = byItself && asked.maxTokens < roomToThink ? false : undefined;
  const think = forced ? false : (told ?? (wanted === undefined ? unasked : wanted !== "none"));
  const thinking = configOf(options, asked, think);
  const effort = effortOf(facts, wanted, think);
  return {
    ...(thinking && { thinking }),
    ...(effort && { effort }),
    sampling: toSampling(options, asked.settings, thinking === undefined || thinking.type === "disabled"),
  };
}

function effortOf(facts: ModelFacts, wanted: ReasoningEffort | undefined, think: boolean | undefined) {
  // What cannot be kept from thinking thinks as little as it can.
  if (wanted === undefined) return facts.thinking === "always" && think === false ? facts.efforts[0] : undefined;
  const effort = nearestEffort(facts.efforts, wanted);
  const always = effort === "xhigh" || effort === "max";
  return always && think === false && facts.thinking === "on" ? "high" : effort;
}

function configOf(
  { facts, thoughts: display }: Resolved,
  { settings, maxTokens, thoughtless }: Asked,
  think: boolean | undefined,
): Anthropic.ThinkingConfigParam | undefined {
  const kind = facts.thinking;
  const adaptive = { type: "adaptive", display } as const;
  if (kind === "always") return adaptive;
  if (kind === "between-tools") return think === false ? { type: "between_tools" } : adaptive;
  if (kind === "on") return think === false ? { type: "disabled" } : adaptive;
  if (kind === "off") return think ? adaptive : undefined;
  if (think === undefined) return undefined;
  // Room for an answer must be left.
  const budget = Math.min(budgets[settings.effort ?? "medium"], Math.floor(maxTokens * 0.75));
  if (think && budget >= leastBudget && !thoughtless) return { type: "enabled", budget_tokens: budget };
  return kind === "unknown" ? { type: "disabled" } : undefined;
}

function toSampling({ facts, version }: Resolved, settings: ModelSettings, quiet: boolean): Sampling {
  // Thoughts and sampling exclude one another.
  if (!facts.sampling || version > samplingVersion || !quiet) return {};
  const { temperature, topP, topK } = settings;
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, 1) }),
    // Models since Opus 4.1 take one of the two.
    ...(topP !== undefined && temperature === undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
  };
}
