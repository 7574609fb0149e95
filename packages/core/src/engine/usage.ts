import type { ModelPrices, Usage } from "../contracts/index.ts";

/** Of two calls together. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum = (name: "cachedInputTokens" | "reasoningTokens" | "cost") =>
    a[name] === undefined && b[name] === undefined ? undefined : { [name]: (a[name] ?? 0) + (b[name] ?? 0) };
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...sum("cachedInputTokens"),
    ...sum("reasoningTokens"),
    ...sum("cost"),
    ...((a.estimated || b.estimated) && { estimated: true }),
  };
}

/** Of one call, with what it costs, unless the provider has said so or nobody knows. */
export function withCost(usage: Usage, prices: ModelPrices | undefined): Usage {
  if (!prices || usage.cost !== undefined) return usage;
  const { inputTokens, outputTokens, cachedInputTokens = 0 } = usage;
  const {
    input,
    output,
    cachedInput = input,
  } = prices.above && inputTokens > prices.above.inputTokens ? prices.above : prices;
  const millionths =
    (inputTokens - cachedInputTokens) * input + cachedInputTokens * cachedInput + outputTokens * output;
  return { ...usage, cost: millionths / 1e6 };
}
