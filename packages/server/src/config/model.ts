import { credential, decimal, httpUrl, list, text, whole, word } from "./fields.ts";

export const modelTypes = [
  "local",
  "google",
  "openai",
  "anthropic",
  "hf_api",
  "minimax",
  "groq",
  "ollama",
  "openai_compatible",
  "inference",
] as const;

const modelType = () => word([...modelTypes, "chatgroq"]);
const name = () => text(200);

export const modelVariables = {
  MODEL_TYPE: modelType(),
  LLM_PROVIDER: modelType(),
  MODEL_NAME: name(),
  GROQ_MODEL_NAME: name(),
  MODEL_PATH: text(4096),
  MODEL_URI: text(4096).regex(
    /^hf:[^\s/]+\/[^\s/:]+(?:[:/]\S+)?$|^https?:\/\/[^\s@]+$/,
    "must be hf:user/repo:quantization, hf:user/repo/file.gguf or an http(s) URL without credentials",
  ),
  DEVICE: word(["auto", "cpu", "cuda", "vulkan", "metal"]),
  MODELS: list((part) => /^[^\p{Cc}]{1,200}$/u.test(part), "must be model names separated by commas"),

  OPENAI_API_KEY: credential(),
  OPENAI_BASE_URL: httpUrl(),
  GROQ_API_KEY: credential(),
  GROQ_BASE_URL: httpUrl(),
  MINIMAX_API_KEY: credential(),
  MINIMAX_API_URL: httpUrl(),
  HF_API_TOKEN: credential(),
  HF_INFERENCE_URL: httpUrl(),
  OLLAMA_BASE_URL: httpUrl(),
  /** Ollama's own: what it runs its models with. */
  OLLAMA_CONTEXT_LENGTH: whole(1),
  ANTHROPIC_API_KEY: credential(),
  ANTHROPIC_BASE_URL: httpUrl(),
  GOOGLE_API_KEY: credential(),
  GOOGLE_BASE_URL: httpUrl(),
  INFERENCE_SERVICE_URL: httpUrl(),

  TEMPERATURE: decimal(0, 2),
  TOP_P: decimal(0, 1),
  TOP_K: whole(1, 1_000),
  MAX_TOKENS: whole(1),
  /** MAX_TOKENS wins. */
  MAX_NEW_TOKENS: whole(1),
  SYSTEM_PROMPT: text(8_000, true),
};
