import type { Json, ModelPrices, ModelSettings } from "@parlor/core";
import type Anthropic from "@anthropic-ai/sdk";
import { checkCallOptions, toAddress, toKey } from "@parlor/wire";
import { factsOf, type ModelFacts } from "./models.ts";

export interface AnthropicOptions {
  readonly model: string;
  /**
   * Default: the environment's ANTHROPIC_API_KEY, for Anthropic's own service alone, so that a key never goes to a server it is not
   * for. Other services: none. Nothing else is looked for: no profile, no file of credentials.
   */
  readonly apiKey?: string;
  /** How the key is sent; default `bearer`, as the SDK does since 1.0. Some compatible services read `x-api-key` alone. */
  readonly auth?: "bearer" | "x-api-key";
  /** Default `https://api.anthropic.com`; a `/v1` at its end is understood. Credentials do not belong into it. */
  readonly baseURL?: string;
  /**
   * The `anthropic-version` to speak. Default: `2026-10-21` for models of Anthropic's that take no temperature, topP and topK, as
   * this version does not either; `2023-06-01`, which has them, for its older models (up to 4.6) and for other services. What a
   * version or a model does not take is left out.
   */
  readonly version?: "2026-10-21" | "2023-06-01";
  /** Which provider this is, as in `ModelInfo.provider`; default `anthropic`. */
  readonly name?: string;
  /** Tokens of prompt and answer together; default: of a known model its own, else 128,000. */
  readonly contextWindow?: number;
  /** Default: of a known model at Anthropic itself. */
  readonly prices?: ModelPrices;
  /** For calls that say nothing else. */
  readonly settings?: ModelSettings;
  /**
   * Keeps system prompt, tools and conversation in the provider's cache, 5 minutes or an hour from their last use; default: not.
   * Writing to it costs more than a plain token, reading less.
   */
  readonly cache?: "5m" | "1h";
  /** Whether a thinking model's thoughts come in summary, as reasoning; default `summarized`. Omitted, it answers sooner. */
  readonly thoughts?: "summarized" | "omitted";
  readonly headers?: { readonly [name: string]: string };
  /** More fields of every request; they win over what is made of messages and settings. */
  readonly extraBody?: { readonly [field: string]: Json };
  /** Milliseconds for TCP and TLS together; default 5,000. */
  readonly connectMs?: number;
  /** How often a call that got no answer is tried again; default 2. */
  readonly retries?: number;
  /** A client of the `@anthropic-ai/sdk` package (of another platform, say) that brings its own key, address, headers and fetch. */
  readonly client?: Anthropic;
  /** In place of our own over node:http, behind a proxy, say. Its answers are read as web streams; `connectMs` is not for it. */
  readonly fetch?: (url: string, init?: RequestInit) => Promise<Response>;
  /** Whether all the text of one network read is one event; default true. False: one event a token. */
  readonly coalesce?: boolean;
}

/** Options with every default filled in, checked. */
export interface Resolved {
  readonly model: string;
  readonly facts: ModelFacts;
  readonly name: string;
  readonly apiKey: string | undefined;
  readonly auth: "bearer" | "x-api-key";
  readonly baseURL: string;
  readonly version: string;
  readonly contextWindow: number;
  readonly prices: ModelPrices | undefined;
  readonly settings: ModelSettings;
  readonly cache: "5m" | "1h" | undefined;
  readonly thoughts: "summarized" | "omitted";
  readonly headers: { readonly [name: string]: string };
  readonly extraBody: { readonly [field: string]: Json };
  readonly connectMs: number;
  readonly retries: number;
  readonly coalesce: boolean;
}

/** Throws a TypeError that names the faulty option and never shows its value. */
export function resolveOptions(options: AnthropicOptions): Resolved {
  const { model, client, headers = {}, settings = {}, extraBody = {}, auth = "bearer", cache } = options;
  const { name = "anthropic", connectMs = 5000, retries = 2, coalesce = true, thoughts = "summarized" } = options;
  if (typeof model !== "string" || model === "") throw new TypeError("anthropic: `model` is missing");
  if (client) refuseBoth(options);
  checkCallOptions("anthropic", { headers, connectMs, retries });
  const given = client?.baseURL ?? options.baseURL ?? "https://api.anthropic.com";
  const address = toAddress("anthropic", given, client !== undefined);
  const official = /(^|\.)api\.anthropic\.com$/.test(address.hostname);
  const facts = factsOf(model);
  const { version = official && !facts.sampling ? "2026-10-21" : "2023-06-01" } = options;
  if (!/^\d{4}-\d\d-\d\d$/.test(version)) throw new TypeError("anthropic: `version` is a date: YYYY-MM-DD");
  return {
    model,
    facts,
    name,
    apiKey: client ? undefined : keyOf(options.apiKey, official),
    auth,
    baseURL: address.href.replace(/(\/v1)?\/*$/, ""),
    version,
    contextWindow: options.contextWindow ?? facts.contextWindow,
    prices: options.prices ?? (official ? facts.prices : undefined),
    settings,
    cache,
    thoughts,
    headers,
    extraBody,
    connectMs,
    retries,
    coalesce,
  };
}

function refuseBoth(options: AnthropicOptions): void {
  for (const own of ["apiKey", "auth", "baseURL", "headers", "fetch", "connectMs"] as const) {
    if (options[own] !== undefined)
      throw new TypeError(`anthropic: \`client\` brings its own \`${own}\`; give one of them`);
  }
}

function keyOf(given: string | undefined, official: boolean): string | undefined {
  const key = toKey("anthropic", given ?? (official ? process.env["ANTHROPIC_API_KEY"] : undefined));
  if (key === undefined && official)
    throw new TypeError("anthropic: no API key; pass `apiKey` or set ANTHROPIC_API_KEY");
  return key;
}
