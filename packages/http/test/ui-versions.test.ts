import type { ChatEngine, Message } from "@parlor/core";
import { expect, test } from "vitest";
import { versionsOf } from "../src/surfaces/ui-stream/versions.ts";

const key = { owner: "ada", id: "c1" };

/** What is found of `id`, of which there are these versions, and in how many reads. */
async function find(id: string, statuses: readonly Message["status"][]) {
  let reads = 0;
  const stored = new Map(statuses.map((status, at) => [at === 0 && id === "m1" ? id : `${id}#${at + 1}`, { status }]));
  const message = async (_: object, asked: string) => {
    reads += 1;
    const found = stored.get(asked);
    return found && { ...found, id: asked };
  };
  const engine = { storage: { sessions: { message } } } as unknown as ChatEngine;
  const { standing, next } = await versionsOf(engine, key, id);
  return { standing: standing?.id, next, reads };
}

const superseded = (count: number) => Array.from({ length: count }, () => "superseded" as const);

test("the version that stands and the id of the next are found, whatever is before and after it", async () => {
  expect(await find("m1", [])).toEqual({ standing: undefined, next: "m1", reads: 1 });
  expect(await find("m#2", [])).toEqual({ standing: undefined, next: "m#2#1", reads: 1 });
  expect(await find("m#2", ["complete"])).toEqual({ standing: "m#2#1", next: "m#2#2", reads: 2 });
  for (let before = 0; before < 20; before += 1)
    for (let failed = 0; failed < 20; failed += 1) {
      const versions = [...superseded(before), "complete" as const, ...superseded(failed)];
      expect(await find("m1", versions)).toMatchObject({
        standing: before === 0 ? "m1" : `m1#${before + 1}`,
        next: `m1#${before + failed + 2}`,
      });
      expect(await find("m1", superseded(before + failed))).toMatchObject({ standing: undefined });
    }
});

test("a message that was said anew a thousand times costs some twenty reads", async () => {
  expect((await find("m1", ["complete"])).reads).toBe(2);
  const { standing, next, reads } = await find("m1", [...superseded(1_000), "complete"]);
  expect({ standing, next }).toEqual({ standing: "m1#1001", next: "m1#1002" });
  expect(reads).toBeLessThan(22);
});
