import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type { ModelSettings } from "@parlor/core";

export interface LlamaOptions {
  /** A GGUF file; of one in parts, the first part. */
  readonly modelPath: string;
  /** As `info.model`; default: the file's name without `.gguf`. */
  readonly name?: string;
  /** Tokens of prompt and answer together, for each sequence; rounded up to 256. Default 4,096, or what the model was trained for if less. */
  readonly contextSize?: number;
  /** Answers generated at the same time; each takes memory for a whole context. Default 4. */
  readonly sequences?: number;
  /** Requests that may wait for a free sequence; more are refused with `backend_overloaded`. Default 64. */
  readonly maxQueued?: number;
  /** Default: one less than there are cores, at least 1. With all of them llama.cpp starves beside any other work. */
  readonly threads?: number;
  /** Default `"auto"`: the best that this machine and the installed binaries have, else the CPU. `false`: the CPU. */
  readonly gpu?: "auto" | "cuda" | "vulkan" | "metal" | false;
  /** Most tokens computed in one step. Default 512. */
  readonly batchSize?: number;
  /** Over the defaults: temperature 0.7, topP 0.95, topK 40, and as many tokens as the context has left. */
  readonly settings?: ModelSettings;
}

export interface ResolvedOptions extends Required<Omit<LlamaOptions, "contextSize">> {
  readonly contextSize: number | undefined;
}

/** Throws a RangeError on a number that makes no sense. */
export function resolveOptions(options: LlamaOptions): ResolvedOptions {
  const resolved = {
    name: basename(options.modelPath).replace(/\.gguf$/i, ""),
    contextSize: undefined,
    sequences: 4,
    maxQueued: 64,
    threads: Math.max(1, availableParallelism() - 1),
    gpu: "auto" as const,
    batchSize: 512,
    ...options,
    settings: { temperature: 0.7, topP: 0.95, topK: 40, ...options.settings },
  };
  for (const [name, least] of limits) {
    const value = resolved[name];
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least))
      throw new RangeError(`llama: ${name} must be a whole number of at least ${least}.`);
  }
  return resolved;
}

const limits = [
  ["contextSize", 1],
  ["sequences", 1],
  ["maxQueued", 0],
  ["threads", 1],
  ["batchSize", 1],
] as const;
