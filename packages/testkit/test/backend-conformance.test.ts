import { openai } from "@parlor/openai";
import { backendConformance, type BackendConformanceOptions } from "@parlor/testkit/backend";
import { chatCompletions } from "@parlor/testkit/openai";
import { expect, test } from "vitest";
import { brokenBackends } from "./broken/backends.ts";

/** Runs the suite without a test runner. */
async function judge(options: Partial<BackendConformanceOptions>) {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  const leftOut: string[] = [];
  backendConformance({
    name: "subject",
    create: ({ url, ...settings }) => openai({ model: "fake", baseURL: `${url}/v1`, ...settings }),
    provider: chatCompletions,
    patienceMs: 1500,
    ...options,
    runner: {
      describe: (_name, body) => body(),
      it: (name, body) => cases.push({ name, body }),
      skip: (name) => leftOut.push(name),
    },
  });
  const failed: string[] = [];
  for (const { name, body } of cases) await body().catch(() => failed.push(name));
  return { ran: cases.map(({ name }) => name), failed, leftOut };
}

test.each(brokenBackends)("a backend in which $name is refused", async ({ create, topic, noticedBy }) => {
  const { ran, failed } = await judge({ create, topics: [topic] });
  expect(ran).toContain(noticedBy);
  expect(failed).toContain(noticedBy);
});

test("what a backend lacks and says so is left out, by name and with the reason", async () => {
  const { ran, failed, leftOut } = await judge({ lacks: ["tools"], topics: ["tools", "text"] });
  expect(failed).toEqual([]);
  expect(leftOut).toContain("are told of, with their schemas (left out: this backend has no tools)");
  expect(ran).not.toContain("are told of, with their schemas");
});

test("what is said to be lacking and is not fails", async () => {
  const { failed } = await judge({ lacks: ["files"], topics: ["capabilities"] });
  expect(failed).toEqual(["that are declared are those that are tested"]);
});

test("a failure that a provider cannot tell and that nobody named fails", async () => {
  const failure: typeof chatCompletions.failure = (told) =>
    told.code === "backend_quota" ? undefined : chatCompletions.failure(told);
  const { failed } = await judge({ provider: { ...chatCompletions, failure }, topics: ["failures"] });
  expect(failed).toEqual(["an HTTP answer that means backend_quota is that"]);
});
