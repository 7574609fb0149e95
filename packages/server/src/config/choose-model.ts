import type { modelTypes } from "./model.ts";
import type { Variables } from "./variables.ts";

export type ModelChoice =
  /** A toy made on the spot: no key, no download. */
  | { readonly kind: "demo" }
  | {
      readonly kind: "llama";
      /** The file, … */
      readonly path?: string;
      /** … or where to fetch it from. */
      readonly uri?: string;
      /** Of Hugging Face. */
      readonly token?: string;
      readonly name?: string;
      readonly device: NonNullable<Variables["DEVICE"]>;
    }
  | ServiceChoice;

/** A service over HTTP; `kind` says what it speaks. */
export interface ServiceChoice {
  readonly kind: "openai" | "anthropic" | "google" | "inference";
  readonly provider: string;
  /** The provider as the environment spelled it, for replies. */
  readonly spelled: string;
  /** Absent: whichever the service has loaded; `inference` only. */
  readonly model?: string;
  /** Absent: OpenAI, Anthropic or Google themselves. */
  readonly baseUrl?: string;
  readonly apiKey?: string;
  /** Tokens; absent: what is known of the model. */
  readonly contextWindow?: number;
}

type Chosen = { readonly choice: ModelChoice } | { readonly fault: string };
type ModelType = (typeof modelTypes)[number];
type TextVariable = { [K in keyof Variables]-?: NonNullable<Variables[K]> extends string ? K : never }[keyof Variables];

/**
 * What chooses the type of model, first set first. A file named on purpose beats a key, which may stand in the shell for
 * another tool: prompts must not go to a service that nobody meant. Keys that many a shell has come last.
 */
const selectors: readonly (readonly [variable: TextVariable, type?: ModelType])[] = [
  ["MODEL_TYPE"],
  ["LLM_PROVIDER"],
  ["MODEL_PATH", "local"],
  ["MODEL_URI", "local"],
  ["OPENAI_API_KEY", "openai"],
  ["GROQ_API_KEY", "groq"],
  ["MINIMAX_API_KEY", "minimax"],
  ["HF_API_TOKEN", "hf_api"],
  ["OLLAMA_BASE_URL", "ollama"],
  ["OPENAI_BASE_URL", "openai_compatible"],
  ["INFERENCE_SERVICE_URL", "inference"],
  ["ANTHROPIC_API_KEY", "anthropic"],
  ["GOOGLE_API_KEY", "google"],
];

interface Service {
  /** Default `openai`. */
  readonly kind?: ServiceChoice["kind"];
  readonly key?: TextVariable;
  readonly keyOptional?: true;
  readonly url: TextVariable;
  readonly urlNeeded?: true;
  readonly baseUrl?: string;
  /** Where no variable names one. */
  readonly model?: string;
  readonly modelOptional?: true;
}

const services: Record<Exclude<ModelType, "local">, Service> = {
  openai: { key: "OPENAI_API_KEY", url: "OPENAI_BASE_URL", model: "gpt-5-mini" },
  groq: { key: "GROQ_API_KEY", url: "GROQ_BASE_URL", baseUrl: "https://api.groq.com/openai/v1" },
  minimax: { key: "MINIMAX_API_KEY", url: "MINIMAX_API_URL", baseUrl: "https://api.minimax.io/v1" },
  hf_api: { key: "HF_API_TOKEN", url: "HF_INFERENCE_URL", baseUrl: "https://router.huggingface.co/v1" },
  ollama: { url: "OLLAMA_BASE_URL", baseUrl: "http://localhost:11434/v1" },
  openai_compatible: { key: "OPENAI_API_KEY", keyOptional: true, url: "OPENAI_BASE_URL", urlNeeded: true },
  anthropic: { kind: "anthropic", key: "ANTHROPIC_API_KEY", url: "ANTHROPIC_BASE_URL", model: "claude-haiku-5-5" },
  google: { kind: "google", key: "GOOGLE_API_KEY", url: "GOOGLE_BASE_URL", model: "gemini-3.8-flash" },
  inference: {
    kind: "inference",
    key: "INTERNAL_API_KEY",
    keyOptional: true,
    url: "INFERENCE_SERVICE_URL",
    urlNeeded: true,
    modelOptional: true,
  },
};

/** Which model the environment asks for, or a sentence on why it cannot be had. Nothing set: the demo. */
export function chooseModel(variables: Variables): Chosen {
  const [selector, implied] = selectors.find(([name]) => variables[name] !== undefined) ?? [];
  if (selector === undefined) {
    return variables.MODEL_NAME === undefined
      ? { choice: { kind: "demo" } }
      : { fault: "MODEL_NAME is set, but nothing says whose model it is: set MODEL_TYPE" };
  }
  const spelled = implied ?? variables[selector] ?? "";
  const type = spelled === "chatgroq" ? "groq" : (spelled as ModelType);
  if (type === "local") return chooseFile(variables);
  return chooseService(variables, services[type], { provider: type, spelled });
}

function chooseFile({
  MODEL_PATH: path,
  MODEL_NAME: name,
  MODEL_URI: uri,
  DEVICE: device = "auto",
  HF_API_TOKEN: token,
}: Variables): Chosen {
  const named = name === undefined ? {} : { name };
  if (path !== undefined) return { choice: { kind: "llama", path, device, ...named } };
  if (uri === undefined)
    return { fault: "MODEL_PATH must name a GGUF file, or MODEL_URI where to fetch one, for MODEL_TYPE=local" };
  return { choice: { kind: "llama", uri, device, ...named, ...(token !== undefined && { token }) } };
}

function chooseService(variables: Variables, service: Service, names: { provider: string; spelled: string }): Chosen {
  const apiKey = service.key && variables[service.key];
  const baseUrl = addressOf(service, variables[service.url]);
  const groqName = service.key === "GROQ_API_KEY" ? variables.GROQ_MODEL_NAME : undefined;
  const model = variables.MODEL_NAME ?? groqName ?? service.model;
  if (service.key && !service.keyOptional && apiKey === undefined)
    return { fault: `${service.key} must be set for ${names.spelled}` };
  if (service.urlNeeded && baseUrl === undefined) return { fault: `${service.url} must be set for ${names.spelled}` };
  if (model === undefined && !service.modelOptional)
    return { fault: `MODEL_NAME must name a model of ${names.spelled}` };
  const { kind = "openai" } = service;
  const contextWindow = names.provider === "ollama" ? variables.OLLAMA_CONTEXT_LENGTH : undefined;
  const choice = {
    kind,
    ...names,
    ...(model && { model }),
    ...(baseUrl && { baseUrl }),
    ...(apiKey && { apiKey }),
    ...(contextWindow && { contextWindow }),
  };
  return { choice };
}

/** An address without a path gets the usual one: http://localhost:11434 means http://localhost:11434/v1. */
function addressOf({ baseUrl }: Service, set: string | undefined): string | undefined {
  if (set === undefined || baseUrl === undefined) return set ?? baseUrl;
  const url = new URL(set);
  if (url.pathname === "/") url.pathname = new URL(baseUrl).pathname;
  return url.href;
}
