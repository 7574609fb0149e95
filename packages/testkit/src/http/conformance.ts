import { holdToDescription } from "./description.ts";
import { withSite } from "./site.ts";
import type { HttpConformanceOptions } from "./suite.ts";
import { topics } from "./topics/index.ts";

/** Registers a test for everything the HTTP surface promises. What is left out is registered as skipped, with the reason. */
export function httpConformance(options: HttpConformanceOptions): void {
  const { runner, lacks = [] } = options;
  const hold = holdToDescription();
  for (const { name, cases } of topics) {
    runner.describe(name, () => {
      for (const one of cases) {
        const lacking = (one.needs ?? []).filter((need) => lacks.includes(need));
        const run = () => withSite(options, one, (site) => one.run(hold(site)));
        if (lacking.length === 0) runner.it(one.name, run);
        else runner.skip(`${one.name} (left out: this server has no ${lacking.join(", ")})`, run);
      }
    });
  }
}
