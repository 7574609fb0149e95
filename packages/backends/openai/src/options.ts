import type { Json, ModelPrices, ModelSettings } from "@parlor/core";
import { checkCallOptions, toAddress, toKey } from "@parlor/wire";
import type OpenAI from "openai";
import { contextWindowOf } from "./context-windows.ts";
import { pricesOf } from "./prices.ts";
import type { ReasoningField, Service } from "./service.ts";
import { compatibleService, openaiService } from "./services.ts";

export interface OpenAIOptions {
  readonly model: string;
  /**
   * Which protocol: Chat Completions (`chat`, the default), which nearly every service speaks, or OpenAI's Responses, by which
   * its models keep their thoughts between tool calls and tell summaries of them.
   */
  readonly api?: "chat" | "responses";
  /**
   * Default: the environment's OPENAI_API_KEY, for OpenAI's own service alone, so that a key never goes to a server it is not
   * for. Other services: none, as many local ones need none.
   */
  readonly apiKey?: string;
  /** Default `https://api.openai.com/v1`. Credentials do not belong into it. */
  readonly baseURL?: string;
  /** Which provider this is, as in `ModelInfo.provider`; default `openai`, of a preset its own. */
  readonly name?: string;
  /** Tokens of prompt and answer together; default: of a known model its own, else 128,000. */
  readonly contextWindow?: number;
  /** What a call costs; default: of a known model of OpenAI's its own, else nothing is said. */
  readonly prices?: ModelPrices;
  /** For calls that say nothing else. */
  readonly settings?: ModelSettings;
  readonly headers?: { readonly [name: string]: string };
  /** More fields of every request; they win over what is made of messages and settings. */
  readonly extraBody?: { readonly [field: string]: Json };
  /**
   * In which field of an assistant's message its thoughts of the turn under way go back, for services whose models want them
   * between tool calls (DeepSeek: `reasoning_content`). Default: not at all.
   */
  readonly returnReasoning?: ReasoningField;
  /** Milliseconds for TCP and TLS together; default 5,000. */
  readonly connectMs?: number;
  /** How often a call that got no answer is tried again; default 2. */
  readonly retries?: number;
  /** A client of the `openai` package (Azure's, say) that brings its own key, address, headers and fetch. */
  readonly client?: OpenAI;
  /** In place of our own over node:http, behind a proxy, say. Its answers are read as web streams; `connectMs` is not for it. */
  readonly fetch?: (url: string, init?: RequestInit) => Promise<Response>;
  /** Whether all the text of one network read is one event; default true. False: one event a token. */
  readonly coalesce?: boolean;
}

/** Options with every default filled in, checked. */
export interface Resolved {
  readonly model: string;
  readonly name: string;
  readonly service: Service;
  readonly api: "chat" | "responses";
  /** Behind the base URL. */
  readonly path: string;
  readonly apiKey: string | undefined;
  readonly baseURL: string;
  readonly contextWindow: number;
  readonly prices: ModelPrices | undefined;
  readonly settings: ModelSettings;
  readonly headers: { readonly [name: string]: string };
  readonly extraBody: { readonly [field: string]: Json };
  readonly connectMs: number;
  readonly retries: number;
  readonly coalesce: boolean;
}

/**
 * `preset`: the service; default: OpenAI's at its own address, elsewhere one of which nothing is known. Throws a TypeError that
 * names the faulty option and never shows its value.
 */
export function resolveOptions(options: OpenAIOptions, preset?: Service): Resolved {
  const { model, client, api = "chat", headers = {}, settings = {}, extraBody = {} } = options;
  const { connectMs = 5000, retries = 2, coalesce = true, returnReasoning } = options;
  const self = preset?.name ?? "openai";
  if (typeof model !== "string" || model === "") throw new TypeError(`${self}: \`model\` is missing`);
  if (client) refuseBoth(options);
  if (api !== "chat" && api !== "responses") throw new TypeError(`${self}: \`api\` must be "chat" or "responses"`);
  checkCallOptions(self, { headers, connectMs, retries });

  const given = client?.baseURL ?? options.baseURL ?? (preset ?? openaiService).baseURL;
  const address = toAddress(self, given, client !== undefined);
  const known = preset ?? (openaiService.key?.host.test(address.hostname) ? openaiService : compatibleService);
  const name = options.name ?? preset?.name ?? openaiService.name;
  const { contextWindow = contextWindowOf(model) } = options;
  const prices = options.prices ?? (known === openaiService ? pricesOf(model) : undefined);
  return {
    model,
    name,
    service: { ...known, name, ...(returnReasoning && { returnReasoning }) },
    api,
    path: api === "responses" ? "/responses" : (known.path?.(model) ?? "/chat/completions"),
    apiKey: client ? undefined : keyOf(options.apiKey, known, address),
    baseURL: address.href.replace(/\/+$/, ""),
    contextWindow,
    prices,
    settings,
    headers,
    extraBody,
    connectMs,
    retries,
    coalesce,
  };
}

function refuseBoth(options: OpenAIOptions): void {
  for (const own of ["apiKey", "baseURL", "headers", "fetch", "connectMs"] as const) {
    if (options[own] !== undefined)
      throw new TypeError(`openai: \`client\` brings its own \`${own}\`; give one of them`);
  }
}

function keyOf(given: string | undefined, service: Service, { hostname }: URL): string | undefined {
  const own = service.key?.host.test(hostname) ? service.key : undefined;
  const set = own?.variables.map((variable) => process.env[variable]).find((value) => value);
  const key = toKey(service.name, given ?? set);
  if (key === undefined && own?.required) {
    throw new TypeError(`${service.name}: no API key; pass \`apiKey\` or set ${own.variables[0]}`);
  }
  return key;
}
