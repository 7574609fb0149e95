interface Provider {
  readonly name: string;
  readonly display_name: string;
  readonly type: "cloud" | "local";
  readonly description: string;
  readonly requires_api_key: boolean;
  readonly models: readonly string[];
}

const cloud = (name: string, title: string, description: string, models: readonly string[] = []): Provider => ({
  name,
  display_name: title,
  type: "cloud",
  description,
  requires_api_key: true,
  models,
});

const local = (name: string, title: string, description: string): Provider => ({
  name,
  display_name: title,
  type: "local",
  description,
  requires_api_key: false,
  models: [],
});

/** What `MODEL_TYPE` can name. The models are examples: an operator may ask for any that the provider has. */
export const providers: readonly Provider[] = [
  local("local", "llama.cpp", "A GGUF file inside this process"),
  cloud("openai", "OpenAI", "OpenAI's models", ["gpt-5", "gpt-5-mini", "gpt-5-nano"]),
  cloud("anthropic", "Anthropic", "The Claude models", ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"]),
  cloud("google", "Google", "The Gemini models", ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"]),
  cloud("groq", "Groq", "Open models on Groq's hardware", ["llama-3.3-70b-versatile", "llama-3.1-8b-instant"]),
  cloud("minimax", "MiniMax", "The MiniMax models", ["MiniMax-M2"]),
  cloud("hf_api", "Hugging Face", "Open models by Hugging Face's inference providers"),
  local("ollama", "Ollama", "A server of Ollama, by its OpenAI-compatible API"),
  local("openai_compatible", "OpenAI-compatible", "Any server that speaks Chat Completions: vLLM, llama-server, …"),
  local("inference", "Inference service", "A service of your own"),
];
