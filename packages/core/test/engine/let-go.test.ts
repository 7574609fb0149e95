import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createChatEngine, type Turn } from "../../src/index.ts";
import { says, scriptedBackend } from "../../src/testing/index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void;

const atOnce = 32;
const weight = 10_000;

test("turns that have ended go with the young objects, however many run at once", async () => {
  const engine = createChatEngine({ backend: scriptedBackend(says("Hello")) });
  let turns = 0;
  const user = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      const input = { owner: "ada", session: `s${(turns += 1)}`, message: "Hi" };
      const turn: Turn & { ballast?: ArrayBuffer } = await engine.start(input);
      turn.ballast = new ArrayBuffer(weight);
      await turn.reply();
    }
  };
  const load = (each: number) => Promise.all(Array.from({ length: atOnce }, () => user(each)));
  const held = async () => {
    // Buffers are freed after the collection that finds them dead.
    for (let round = 0; round < 4; round += 1) {
      collect({ type: "minor" });
      await setImmediate();
    }
    return process.memoryUsage().arrayBuffers / weight;
  };
  await load(20);
  // From here on what the engine is made of is old.
  collect();
  const before = await held();
  await load(10);
  expect((await held()) - before).toBeLessThan(2 * atOnce);
  await engine.close();
});
