import type { Reporter, TestModule } from "vitest/node";

/** How a conformance suite names what an implementation has declared to lack. */
const declared = /\(left out: [^)]+\)$/;

/** Ends every run with one line a script can read, after the reason of each skipped test. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, leftOut: 0 };
    for (const module of modules) {
      if (module.state() === "failed" && module.errors().length > 0) count.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed" || result.state === "failed") count[result.state] += 1;
        else if (declared.test(test.fullName)) count.leftOut += 1;
        else {
          count.skipped += 1;
          const reason = (result.state === "skipped" && result.note) || "no reason given";
          console.log(`skipped: ${test.fullName}: ${reason}`);
        }
      }
    }
    if (count.leftOut > 0) console.log(`${count.leftOut} left out, as declared by what lacks the capability`);
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
