import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { anthropic } from "@parlor/anthropic";
import type { Capability, ModelInfo } from "@parlor/core";
import { GoogleGenerativeAI } from "@google/generative-ai";
import { google } from "@parlor/google";
import { generativeAi } from "@parlor/google/generative-ai";
import { inference } from "@parlor/inference";
import { llama } from "@parlor/llama";
import {
  groq,
  huggingface,
  llamaServer,
  minimax,
  ollama,
  openai,
  openaiCompatible,
  openrouter,
  vllm,
} from "@parlor/openai";
import { writeTinyGguf } from "@parlor/testkit/gguf";

/** One way to ask a model. What it can do is what its backend declares; its tests hold it to that. */
interface Row {
  /** As it is called, in Markdown. */
  readonly call: string;
  /** From the root of the repository: where the suite judges it. */
  readonly tested: string;
  /** Its MODEL_TYPE in the server, where it has one. */
  readonly modelType?: string;
  readonly info: ModelInfo;
}

const apiKey = "none-is-asked";
const baseURL = "http://localhost/v1";
const own = "packages/backends/openai/test/conformance.test.ts";
const presets = "packages/backends/openai/test/presets/conformance.test.ts";

/** A new backend, or a way of one, gets a row here; then `node docs/backends-table.ts` writes the table anew. */
const rows: readonly Row[] = [
  { call: "`openai()`", tested: own, modelType: "openai", info: openai({ model: "gpt-5-mini", apiKey }).info },
  {
    call: '`openai({ api: "responses" })`',
    tested: own,
    info: openai({ model: "gpt-5-mini", api: "responses", apiKey }).info,
  },
  { call: "`groq()`", tested: presets, modelType: "groq", info: groq({ model: "m", apiKey }).info },
  {
    call: "`minimax()`, M3",
    tested: presets,
    modelType: "minimax",
    info: minimax({ model: "MiniMax-M3", apiKey }).info,
  },
  { call: "`minimax()`, M2", tested: presets, info: minimax({ model: "MiniMax-M2.7", apiKey }).info },
  { call: "`huggingface()`", tested: presets, modelType: "hf_api", info: huggingface({ model: "m", apiKey }).info },
  { call: "`openrouter()`", tested: presets, info: openrouter({ model: "m", apiKey }).info },
  { call: "`ollama()`", tested: presets, modelType: "ollama", info: ollama({ model: "m" }).info },
  { call: "`vllm()`", tested: presets, info: vllm({ model: "m" }).info },
  { call: "`llamaServer()`", tested: presets, info: llamaServer({ model: "m" }).info },
  {
    call: "`openaiCompatible()`",
    tested: presets,
    modelType: "openai_compatible",
    info: openaiCompatible({ model: "m", baseURL }).info,
  },
  {
    call: "`anthropic()`",
    tested: "packages/backends/anthropic/test/conformance.test.ts",
    modelType: "anthropic",
    info: anthropic({ model: "claude-haiku-5-5", apiKey }).info,
  },
  {
    call: "`google()`",
    tested: "packages/backends/google/test/conformance.test.ts",
    modelType: "google",
    info: google({ model: "gemini-3.8-flash", apiKey }).info,
  },
  {
    call: "`generativeAi()`",
    tested: "packages/backends/google/test/generative-ai/conformance.test.ts",
    info: generativeAi(new GoogleGenerativeAI(apiKey).getGenerativeModel({ model: "gemini-3.8-flash" })).info,
  },
  {
    call: "`inference()`",
    tested: "packages/backends/inference/test/conformance.test.ts",
    modelType: "inference",
    info: inference({ baseURL }).info,
  },
  {
    call: "`llama()`",
    tested: "packages/backends/llama/test/conformance.test.ts",
    modelType: "local",
    info: await localInfo(),
  },
];

/** A local model has to be there to tell what it can do: this one thinks. */
async function localInfo(): Promise<ModelInfo> {
  const folder = mkdtempSync(join(tmpdir(), "parlor-docs-"));
  const modelPath = join(folder, "model.gguf");
  await writeTinyGguf(modelPath, { reasoning: "They want to know." });
  const backend = await llama({ modelPath, gpu: false, threads: 1 });
  await backend.close();
  rmSync(folder, { recursive: true });
  return backend.info;
}

const columns: readonly (readonly [heading: string, capability: Capability])[] = [
  ["thoughts", "reasoning"],
  ["tools", "tools"],
  ["images", "images"],
  ["files", "files"],
  ["JSON by schema", "structured-output"],
];

/** Where the suite judges the backends of the table. */
export const tested: readonly string[] = rows.map((row) => row.tested);

/** The table as it has to stand in the page. */
export function backendsTable(): string {
  const head = ["", "`MODEL_TYPE`", ...columns.map(([heading]) => heading)];
  const lines = rows.map(({ call, modelType, tested: test, info }) => [
    `[${call}](../${test})`,
    modelType === undefined ? "" : `\`${modelType}\``,
    ...columns.map(([, capability]) => (info.capabilities.includes(capability) ? "yes" : "")),
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const page = new URL("backends.md", import.meta.url);
const place = /(?<=<!-- made by docs\/backends-table.ts -->\n\n)[^]*?(?=\n\n<!-- end -->)/;

/** The table as it stands there. */
export function tableOnPage(): string | undefined {
  return place.exec(readFileSync(page, "utf8"))?.[0];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, readFileSync(page, "utf8").replace(place, backendsTable()));
}
