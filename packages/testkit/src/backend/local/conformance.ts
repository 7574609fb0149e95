import type { ModelBackend } from "@parlor/core";
import { gather, within } from "../stage.ts";
import { capabilities } from "./capabilities.ts";
import { ending } from "./ending.ts";
import { formats } from "./formats.ts";
import type { LocalBackendConformanceOptions, LocalCase } from "./suite.ts";
import { text } from "./text.ts";
import { tools } from "./tools.ts";

/**
 * Registers a test for everything that `ModelBackend` promises and that does not depend on a wire, on models made for it. For a backend
 * that runs its model itself; one that asks a provider has `backendConformance`. What is left out is registered as skipped, with the reason.
 *
 * @example
 * localBackendConformance({
 *   name: "llama",
 *   create: async (model) => llama({ modelPath: await write(model) }),
 *   runner: { describe, it, skip: it.skip },
 *   lacks: ["images", "files"],
 * });
 */
export function localBackendConformance(options: LocalBackendConformanceOptions): void {
  const { name, runner, lacks = [] } = options;
  for (const topic of [capabilities, text, ending, tools, formats]) {
    runner.describe(`${name}: ${topic.name}`, () => {
      for (const one of topic.cases) {
        const lacking = one.needs.filter((need) => lacks.includes(need));
        const run = () => onLocalStage(options, one);
        if (lacking.length === 0) runner.it(one.name, run);
        else runner.skip(`${one.name} (left out: this backend has no ${lacking.join(", ")})`, run);
      }
    });
  }
}

async function onLocalStage(options: LocalBackendConformanceOptions, one: LocalCase): Promise<void> {
  const { create, lacks = [], patienceMs = 30_000 } = options;
  const backends: ModelBackend[] = [];
  try {
    await one.run({
      lacks,
      make: async (model) => {
        const backend = await create(model);
        backends.push(backend);
        return backend;
      },
      ask: (backend, asked = {}) => within(gather(backend, asked), patienceMs, "the end of the call"),
      soon: (promise, what) => within(promise, patienceMs, what),
    });
  } finally {
    for (const backend of backends) await backend.close();
  }
}
