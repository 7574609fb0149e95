import type { GoogleGenAI } from "@google/genai";
import type { Json, ModelPrices, ModelSettings } from "@parlor/core";
import { checkCallOptions, toAddress, toKey } from "@parlor/wire";
import type { SafetySetting } from "./gemini.ts";
import { apiVersionOf, contextWindowOf, pricesOf } from "./models.ts";

export interface GoogleOptions {
  /** `gemini-3.8-flash`, say; a tuned one as `tunedModels/…`. */
  readonly model: string;
  /**
   * Default: the environment's GOOGLE_API_KEY, for Google's own service alone, so that a key never goes to a server it is not for.
   * Other services: none.
   */
  readonly apiKey?: string;
  /** Default `https://generativelanguage.googleapis.com`. Credentials do not belong into it. */
  readonly baseURL?: string;
  /** Default: the one that `baseURL` ends with, else `v1`; for previews and `-latest` names `v1beta`, which alone has them. */
  readonly apiVersion?: string;
  /** Tokens of prompt and answer together; default: of a known model its own, else 1,048,576. */
  readonly contextWindow?: number;
  /** Default: of a known model at Google itself. */
  readonly prices?: ModelPrices;
  /** For calls that say nothing else. */
  readonly settings?: ModelSettings;
  /** Whether what the model thinks is told, as reasoning; default true. Its tokens are paid either way. */
  readonly thoughts?: boolean;
  /** From which probability on Google withholds an answer; default: its own. */
  readonly safetySettings?: readonly SafetySetting[];
  readonly headers?: { readonly [name: string]: string };
  /** More fields of every request, such as `{ cachedContent: "cachedContents/…" }`; they win over what is made of the rest. */
  readonly extraBody?: { readonly [field: string]: Json };
  /** Milliseconds for TCP and TLS together; default 5,000. */
  readonly connectMs?: number;
  /** How often a call that got no answer is tried again; default 2. */
  readonly retries?: number;
  /** A client of the `@google/genai` package (Vertex AI's, say) that brings its own key, address, version, headers and fetch. */
  readonly client?: GoogleGenAI;
  /** In place of our own over node:http, behind a proxy, say. Its answers are read as web streams; `connectMs` is not for it. */
  readonly fetch?: (url: string, init?: RequestInit) => Promise<Response>;
  /** Whether all the text of one network read is one event; default true. False: one event a part. */
  readonly coalesce?: boolean;
}

/** Options with every default filled in, checked. */
export interface Resolved {
  readonly model: string;
  readonly apiKey: string | undefined;
  readonly baseURL: string;
  readonly apiVersion: string;
  readonly contextWindow: number;
  readonly prices: ModelPrices | undefined;
  readonly settings: ModelSettings;
  readonly thoughts: boolean;
  readonly safetySettings: readonly SafetySetting[];
  readonly headers: { readonly [name: string]: string };
  readonly extraBody: { readonly [field: string]: Json };
  readonly connectMs: number;
  readonly retries: number;
  readonly coalesce: boolean;
}

const official = "https://generativelanguage.googleapis.com";

/** Throws a TypeError that names the faulty option and never shows its value. */
export function resolveOptions(options: GoogleOptions): Resolved {
  const { model, client, headers = {}, settings = {}, extraBody = {}, safetySettings = [] } = options;
  const { connectMs = 5000, retries = 2, coalesce = true, thoughts = true } = options;
  if (typeof model !== "string" || !/^[\w./@:-]+$/.test(model) || model.includes("..")) {
    throw new TypeError("google: `model` is missing, or holds characters that no model's name has");
  }
  if (client) refuseBoth(options);
  checkCallOptions("google", { headers, connectMs, retries });

  const { baseURL, apiVersion } = placeOf(options);
  const today = new Date().toISOString().slice(0, 10);
  const google = client !== undefined || new URL(baseURL).hostname === new URL(official).hostname;
  const { contextWindow = contextWindowOf(model), prices = google ? pricesOf(model, today) : undefined } = options;
  const apiKey = client ? undefined : keyOf(options.apiKey, google);
  const choices = { settings, thoughts, safetySettings, headers, extraBody, connectMs, retries, coalesce };
  return { model, apiKey, baseURL, apiVersion, contextWindow, prices, ...choices };
}

function refuseBoth(options: GoogleOptions): void {
  for (const own of ["apiKey", "baseURL", "apiVersion", "headers"] as const) {
    if (options[own] !== undefined)
      throw new TypeError(`google: \`client\` brings its own \`${own}\`; give one of them`);
  }
}

/** Addresses are often copied with the version at their end, which is one part of the path and no more. */
function placeOf({ model, baseURL = official, apiVersion }: GoogleOptions): { baseURL: string; apiVersion: string } {
  const url = toAddress("google", baseURL);
  if (apiVersion !== undefined && !/^\w*$/.test(apiVersion)) throw new TypeError("google: `apiVersion` is none");
  const [, place = "", version] = /^(.*?)(?:\/(v\d\w*))?\/*$/.exec(url.href) ?? [];
  return { baseURL: place, apiVersion: apiVersion ?? version ?? apiVersionOf(model) };
}

function keyOf(given: string | undefined, google: boolean): string | undefined {
  const key = toKey("google", given ?? (google ? process.env["GOOGLE_API_KEY"] : undefined));
  if (key === undefined && google) throw new TypeError("google: no API key; pass `apiKey` or set GOOGLE_API_KEY");
  return key;
}
