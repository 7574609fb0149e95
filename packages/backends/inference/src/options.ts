import type { ModelSettings } from "@parlor/core";
import { checkCallOptions, toAddress, toKey } from "@parlor/wire";

export interface InferenceOptions {
  /** Of the service: `/generate`, `/models` and `/models/swap` are below it. Credentials do not belong into it. */
  readonly baseURL: string;
  /** Sent as `X-Internal-API-Key`; default: none. */
  readonly apiKey?: string;
  /** The tag of the model to ask, whatever `swap` does; default: whichever the service has loaded. */
  readonly model?: string;
  /** Which provider this is, as in `ModelInfo.provider`; default `inference`. */
  readonly name?: string;
  /** Tokens of prompt and answer together; default 8,192, as the service does not tell. */
  readonly contextWindow?: number;
  /** For calls that say nothing else. */
  readonly settings?: ModelSettings;
  readonly headers?: { readonly [name: string]: string };
  /** Milliseconds for TCP and TLS together; default 5,000. */
  readonly connectMs?: number;
  /** How often a call that got no answer is tried again; default 2. */
  readonly retries?: number;
  /** Whether all the text of one network read is one event; default true. False: one event a token. */
  readonly coalesce?: boolean;
}

/** Options with every default filled in, checked. */
export interface Resolved {
  readonly baseURL: string;
  readonly headers: { readonly [name: string]: string };
  readonly model: string | undefined;
  readonly name: string;
  readonly contextWindow: number;
  readonly settings: ModelSettings;
  readonly connectMs: number;
  readonly retries: number;
  readonly coalesce: boolean;
}

/** Throws a TypeError that names the faulty option and never shows its value. */
export function resolveOptions(options: InferenceOptions): Resolved {
  const { model, name = "inference", settings = {}, contextWindow = 8192 } = options;
  const { headers = {}, connectMs = 5000, retries = 2, coalesce = true } = options;
  if (model === "") throw new TypeError("inference: `model` is empty");
  checkCallOptions("inference", { headers, connectMs, retries });
  const key = toKey("inference", options.apiKey);
  return {
    baseURL: toAddress("inference", options.baseURL).href.replace(/\/+$/, ""),
    headers: {
      "content-type": "application/json",
      "accept-encoding": "identity",
      ...(key !== undefined && { "x-internal-api-key": key }),
      ...headers,
    },
    model,
    name,
    contextWindow,
    settings,
    connectMs,
    retries,
    coalesce,
  };
}
