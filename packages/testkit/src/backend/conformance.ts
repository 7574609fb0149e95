import { onStage } from "./stage.ts";
import type { BackendConformanceOptions } from "./suite.ts";
import { topics } from "./topics/index.ts";

/**
 * Registers a test for everything that `ModelBackend` promises, on a fake of the backend's provider. What is left out is registered
 * as skipped, with the reason.
 *
 * @example
 * backendConformance({
 *   name: "openai",
 *   create: ({ url, ...settings }) => openai({ model: "gpt-5", baseURL: `${url}/v1`, ...settings }),
 *   provider: chatCompletions, // of @parlor/testkit/openai
 *   runner: { describe, it, skip: it.skip },
 * });
 */
export function backendConformance(options: BackendConformanceOptions): void {
  const { name, runner, lacks = [], topics: wanted = topics.map((topic) => topic.name) } = options;
  for (const topic of topics.filter((one) => wanted.includes(one.name))) {
    runner.describe(`${name}: ${topic.name}`, () => {
      for (const one of topic.cases) {
        const lacking = one.needs.filter((need) => lacks.includes(need));
        const run = () => onStage(options, one);
        if (lacking.length === 0) runner.it(one.name, run);
        else runner.skip(`${one.name} (left out: this backend has no ${lacking.join(", ")})`, run);
      }
    });
  }
}
