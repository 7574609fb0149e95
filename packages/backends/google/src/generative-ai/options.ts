import type { Json, ModelPrices, ModelSettings } from "@parlor/core";
import { contextWindowOf, pricesOf } from "../models.ts";

/** The rest (key, address, version, safety settings) is the model object's own. */
export interface GenerativeAiOptions {
  /** Tokens of prompt and answer together; default: of a known model its own, else 1,048,576. */
  readonly contextWindow?: number;
  /** Default: of a known model its own. */
  readonly prices?: ModelPrices;
  /** For calls that say nothing else; over the model object's `generationConfig`. */
  readonly settings?: ModelSettings;
  /** Whether what the model thinks is told, as reasoning; default true. Its tokens are paid either way. */
  readonly thoughts?: boolean;
  /** More fields of every request; they win over what is made of the rest. */
  readonly extraBody?: { readonly [field: string]: Json };
  /** How often a call that got no answer is tried again; default 2. */
  readonly retries?: number;
  /** Whether all the text of one network read is one event; default true. False: one event a part. */
  readonly coalesce?: boolean;
}

export interface Resolved extends Required<Omit<GenerativeAiOptions, "prices">> {
  readonly model: string;
  readonly prices: ModelPrices | undefined;
}

/** Throws a TypeError that names the faulty option. */
export function resolveOptions(name: unknown, options: GenerativeAiOptions): Resolved {
  if (typeof name !== "string")
    throw new TypeError("generativeAi: give it a model: client.getGenerativeModel({ model })");
  const model = name.replace(/^models\//, "");
  const { settings = {}, thoughts = true, extraBody = {}, retries = 2, coalesce = true } = options;
  if (!Number.isInteger(retries) || retries < 0) throw new TypeError("generativeAi: `retries` must be 0, 1, 2 …");
  const today = new Date().toISOString().slice(0, 10);
  const { contextWindow = contextWindowOf(model), prices = pricesOf(model, today) } = options;
  return { model, contextWindow, prices, settings, thoughts, extraBody, retries, coalesce };
}
