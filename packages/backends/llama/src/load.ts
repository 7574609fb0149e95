import { open } from "node:fs/promises";
import { basename } from "node:path";
import { ChatError } from "@parlor/core";
import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import { refuseToShift } from "./context-full.ts";
import type { ResolvedOptions } from "./options.ts";
import { type PromptReader, toReader } from "./prompt.ts";
import type { Slot } from "./sequences.ts";

export interface LoadedModel extends PromptReader {
  readonly context: LlamaContext;
  readonly slots: readonly Slot[];
}

const defaultContextSize = 4_096;

type Library = typeof import("node-llama-cpp");

/** Loads a model with its context and sequences. Throws `backend_unavailable` with a sentence that says what is wrong. */
export async function load(options: ResolvedOptions): Promise<LoadedModel> {
  await checkFile(options.modelPath);
  const library = await import("node-llama-cpp");
  const llama = await runtime(library, options.gpu);
  const complaints: string[] = [];
  llama.logger = (_, message) => complaints.push(message);
  let model: LlamaModel | undefined;
  try {
    model = await loadModel(llama, options);
    return await prepare(library, model, options);
  } catch (error) {
    await model?.dispose();
    const file = basename(options.modelPath);
    const detail =
      error instanceof library.InsufficientMemoryError
        ? `${file} needs more memory than there is: take a smaller model, contextSize or number of sequences.`
        : `${file} cannot be loaded: it is incomplete, damaged, or of a kind that this llama.cpp does not know.`;
    const cause = complaints.length > 0 ? new Error(complaints.join("\n"), { cause: error }) : error;
    throw new ChatError("backend_unavailable", detail, { cause });
  } finally {
    llama.logger = () => {};
  }
}

function loadModel(llama: Llama, options: ResolvedOptions): Promise<LlamaModel> {
  const { modelPath, threads, sequences, contextSize = defaultContextSize } = options;
  llama.maxThreads = Math.max(llama.maxThreads, threads);
  // What is left of a GPU's memory after the contexts decides how many layers go there.
  const fitContext = { contextSize: contextSize * sequences };
  return llama.loadModel({ modelPath, ...(llama.gpu !== false && { gpuLayers: { fitContext } }) });
}

async function prepare(library: Library, model: LlamaModel, options: ResolvedOptions): Promise<LoadedModel> {
  const { sequences, threads, batchSize } = options;
  const contextSize = options.contextSize ?? Math.min(defaultContextSize, model.trainContextSize);
  const context = await model.createContext({ contextSize, sequences, threads, batchSize });
  const wrapper = library.resolveChatWrapper(model, { warningLogs: false });
  const slots = Array.from({ length: sequences }, (): Slot => {
    const sequence = context.getSequence({ contextShift: { strategy: refuseToShift } });
    return { sequence, chat: new library.LlamaChat({ contextSequence: sequence, chatWrapper: wrapper }) };
  });
  return { ...toReader(model, wrapper, context.contextSize), context, slots };
}

const runtimes = new Map<ResolvedOptions["gpu"], Promise<Llama>>();

/** llama.cpp itself, one for all models. Never disposed: that would be final for the process, and without a model it holds nothing. */
async function runtime({ getLlama, LlamaLogLevel }: Library, gpu: ResolvedOptions["gpu"]): Promise<Llama> {
  // Without "never" a missing binary would be downloaded or compiled.
  const options = { gpu, build: "never", progressLogs: false, logLevel: LlamaLogLevel.error, maxThreads: 1 } as const;
  const started = runtimes.get(gpu) ?? getLlama(options);
  runtimes.set(gpu, started);
  try {
    const llama = await started;
    if (gpu !== "auto" && llama.gpu !== gpu) throw new Error(`llama.cpp runs on ${llama.gpu || "the CPU"} instead.`);
    return llama;
  } catch (error) {
    runtimes.delete(gpu);
    const machine = gpu === "auto" || gpu === false ? "this machine" : `this machine and ${gpu}`;
    const detail = `No llama.cpp binary for ${machine} works: node-llama-cpp needs its optional dependencies, and glibc on Linux.`;
    throw new ChatError("backend_unavailable", detail, { cause: error });
  }
}

/** Native code may end the process over a file that is no model, so it never sees one. */
async function checkFile(path: string): Promise<void> {
  const file = basename(path);
  const head = Buffer.alloc(8);
  let length: number;
  try {
    await using handle = await open(path);
    length = (await handle.read(head, 0, head.length, 0)).bytesRead;
  } catch (error) {
    throw new ChatError("backend_unavailable", `The model file ${file} cannot be read.`, { cause: error });
  }
  const known =
    length === head.length && head.toString("latin1", 0, 4) === "GGUF" && versions.has(head.readUInt32LE(4));
  if (!known) throw new ChatError("backend_unavailable", `${file} is not a GGUF file.`);
}

const versions = new Set([2, 3]);
