import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelBackend } from "@parlor/core";
import type { InferenceBackend } from "@parlor/inference";
import type { OpenAIOptions } from "@parlor/openai";
import type { ModelChoice, ServiceChoice } from "./config/choose-model.ts";
import { StartError } from "./start-error.ts";

/** An inference service also has models of its own. */
export type LoadedBackend = ModelBackend | InferenceBackend;

/** Loads the chosen model; only its backend is imported. `told` gets a line now and then while one is fetched. Throws a `ChatError` or a `StartError` when it cannot be had. */
export async function loadBackend(
  choice: ModelChoice,
  told: (line: string) => void = () => {},
): Promise<LoadedBackend> {
  if (choice.kind === "demo") return loadDemo();
  if (choice.kind !== "llama") return loadService(choice);
  const { fetchModel, llama } = await import("@parlor/llama");
  const { path, uri = "", name, device, token } = choice;
  const modelPath =
    path ?? (await fetchModel(uri, { onProgress: inTenths(told), ...(token !== undefined && { token }) }));
  return llama({ modelPath, gpu: device === "cpu" ? false : device, ...(name && { name }) });
}

/** A line for each tenth of a download. */
function inTenths(told: (line: string) => void) {
  let tenths = 0;
  return ({ totalSize, downloadedSize }: { readonly totalSize: number; readonly downloadedSize: number }) => {
    const now = Math.floor((10 * downloadedSize) / totalSize);
    if (now > tenths) told(`fetching the model: ${(tenths = now)}0 %`);
  };
}

async function loadService(choice: ServiceChoice): Promise<LoadedBackend> {
  const { kind, provider: name, model = "", baseUrl: baseURL = "", apiKey, contextWindow } = choice;
  const options = {
    name,
    model,
    ...(baseURL && { baseURL }),
    ...(apiKey && { apiKey }),
    ...(contextWindow && { contextWindow }),
  };
  try {
    if (kind === "openai") return await loadOpenAI(options);
    if (kind === "anthropic") return (await import("@parlor/anthropic")).anthropic(options);
    if (kind === "google") return (await import("@parlor/google")).google(options);
    const { model: _, ...service } = options;
    return (await import("@parlor/inference")).inference({ ...service, baseURL, ...(model && { model }) });
  } catch (error) {
    if (error instanceof StartError) throw error;
    // Its TypeErrors name an option and never show a value.
    throw new StartError((error as TypeError).message, { cause: error });
  }
}

/** OpenAI, or a service of its protocol with the quirks it has. */
async function loadOpenAI(options: OpenAIOptions): Promise<ModelBackend> {
  const { openai, groq, minimax, huggingface, ollama, openaiCompatible, needsKey } = await import("@parlor/openai");
  const presets = new Map(Object.entries({ groq, minimax, hf_api: huggingface, ollama }));
  const { name = "openai", baseURL = "" } = options;
  if (name === "openai_compatible") {
    if (!options.apiKey && needsKey(baseURL))
      throw new StartError(`OPENAI_API_KEY must be set for ${name}: ${new URL(baseURL).hostname} needs a key`);
    return openaiCompatible({ ...options, baseURL });
  }
  return (presets.get(name) ?? openai)(options);
}

/** Makes the toy model anew at each start, which takes milliseconds: a kept file could be another version's. */
async function loadDemo(): Promise<ModelBackend> {
  const [{ llama }, { writeTinyGguf }] = await Promise.all([import("@parlor/llama"), import("@parlor/testkit/gguf")]);
  const folder = await mkdtemp(join(tmpdir(), "parlor-demo-"));
  try {
    const modelPath = join(folder, "parlor-demo.gguf");
    await writeTinyGguf(modelPath);
    return await llama({ modelPath, name: "parlor-demo", gpu: false });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
