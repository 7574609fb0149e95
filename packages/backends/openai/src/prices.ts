import type { ModelPrices } from "@parlor/core";

type Row = readonly [input: number, cachedInput: number, output: number];

/** Models whose prompts may be longer than 272,000 tokens; such a call costs twice for the input, half as much again for the output. */
const long = /^gpt-(6|5\.6|5\.5$|5\.4$)/;

/**
 * US dollars per million tokens of OpenAI's standard tier, for prompts up to 272,000 tokens, as read off
 * developers.openai.com/api/docs/pricing on the days given. A model that is not here has no price that is known: it is not free.
 */
const tables: readonly { readonly asOf: string; readonly rows: { readonly [model: string]: Row } }[] = [
  {
    asOf: "2026-10-05",
    rows: {
      "gpt-6-astra": [10, 1, 50],
      "gpt-6.1-sol": [2, 0.1, 10],
      "gpt-6-sol": [2, 0.2, 10],
      "gpt-6-luna": [0.1, 0.01, 0.5],
    },
  },
  {
    asOf: "2026-08-23",
    rows: {
      "gpt-5.6-terra": [2, 0.2, 12],
      "gpt-5.6-luna": [0.2, 0.02, 1.2],
      "gpt-5.5": [5, 0.5, 30],
      "gpt-5.4": [2.5, 0.25, 15],
      "gpt-5.4-mini": [0.75, 0.075, 4.5],
      "gpt-5.4-nano": [0.2, 0.02, 1.25],
      "gpt-5.3-codex": [1.75, 0.175, 14],
      "gpt-5.2": [1.75, 0.175, 14],
      "gpt-5.1": [1.25, 0.125, 10],
      "gpt-5": [1.25, 0.125, 10],
      "gpt-5-mini": [0.25, 0.025, 2],
      "gpt-5-nano": [0.05, 0.005, 0.4],
      "gpt-4.1": [2, 0.5, 8],
      "gpt-4.1-mini": [0.4, 0.1, 1.6],
      "gpt-4.1-nano": [0.1, 0.025, 0.4],
      o3: [2, 0.5, 8],
      "o4-mini": [1.1, 0.275, 4.4],
      "o3-mini": [1.1, 0.55, 4.4],
      o1: [15, 7.5, 60],
      "gpt-4o": [2.5, 1.25, 10],
      "gpt-4o-mini": [0.15, 0.075, 0.6],
    },
  },
];

/** Of a model of OpenAI's, also under the name of a snapshot (`gpt-5-2025-08-07`). */
export function pricesOf(model: string): ModelPrices | undefined {
  const name = model.replace(/-\d{4}-\d\d-\d\d$/, "");
  for (const { asOf, rows } of tables) {
    if (!Object.hasOwn(rows, name)) continue;
    const [input, cachedInput, output] = rows[name] as Row;
    const above = { inputTokens: 272_000, input: input * 2, cachedInput: cachedInput * 2, output: output * 1.5 };
    return { input, cachedInput, output, ...(long.test(name) && { above }), asOf };
  }
  return undefined;
}
