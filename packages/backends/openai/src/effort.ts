import type { ModelSettings, ReasoningEffort } from "@parlor/core";

const scale: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** The step that is nearest to the wanted one; of two, the higher. `steps` go up. */
export function nearest(wanted: ReasoningEffort, steps: readonly ReasoningEffort[]): ReasoningEffort | undefined {
  const place = (step: ReasoningEffort): number => Math.abs(scale.indexOf(step) - scale.indexOf(wanted));
  return steps.toReversed().toSorted((one, other) => place(one) - place(other))[0];
}

/** How much is to be thought: `thinking: false` is the effort `none`, and `true` leaves it to the model. */
export function effortOf({ thinking, effort }: ModelSettings): ReasoningEffort | undefined {
  return effort ?? (thinking === false ? "none" : undefined);
}

/**
 * Steps that OpenAI's models know, as of 2026-11-21 (developers.openai.com/api/docs/guides/reasoning and the API's own refusals).
 * The first pattern that fits counts; models that do not think know none.
 */
const stepsOf: readonly (readonly [model: RegExp, steps: readonly ReasoningEffort[]])[] = [
  [/^(gpt-[34]|chatgpt|gpt-5(\.\d)?-chat|gpt-audio)/, []],
  [/^gpt-5-pro/, ["high"]],
  [/^gpt-5(-|$)/, ["minimal", "low", "medium", "high"]],
  [/^gpt-5\.1-codex(?!-max)/, ["low", "medium", "high"]],
  [/^gpt-5\.1(?!-codex)/, ["none", "low", "medium", "high"]],
  [/^gpt-5\.\d-codex/, ["low", "medium", "high", "xhigh"]],
  [/^gpt-5\.\d-pro/, ["medium", "high", "xhigh"]],
  [/^gpt-5\.[2-5]/, ["none", "low", "medium", "high", "xhigh"]],
  [/^gpt-6/, ["low", "medium", "high", "xhigh", "max"]],
  [/^o\d/, ["low", "medium", "high"]],
];

/** Whether a model of OpenAI's thinks; one that is not known is taken for one. */
export function thinks(model: string): boolean {
  return stepsFor(model).length > 0;
}

/** For a model of OpenAI's: undefined where it does not think. A model that is not known is told what was wanted. */
export function effortFor(model: string, settings: ModelSettings): ReasoningEffort | undefined {
  const wanted = effortOf(settings);
  return wanted && nearest(wanted, stepsFor(model));
}

function stepsFor(model: string): readonly ReasoningEffort[] {
  const bare = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  return stepsOf.find(([pattern]) => pattern.test(bare))?.[1] ?? scale;
}
