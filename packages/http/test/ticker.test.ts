import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { manualClock } from "@parlor/core/testing";
import { expect, test } from "vitest";
import { Ticker } from "../src/ticker.ts";

test("calls everybody at each tick until they leave, whoever leaves meanwhile", () => {
  const clock = manualClock();
  const ticker = new Ticker(clock, 100);
  const calls: string[] = [];
  const leaves = new Map<string, () => void>();
  for (const name of ["a", "b", "c", "d"]) {
    leaves.set(
      name,
      ticker.add(() => {
        calls.push(name);
        if (name === "b") for (const gone of ["b", "a", "c", "c"]) leaves.get(gone)?.();
      }),
    );
  }
  clock.advance(100);
  expect(calls).toEqual(["a", "b", "d"]);
  ticker.add(() => calls.push("e"));
  clock.advance(100);
  expect(calls.slice(3)).toEqual(["d", "e"]);
});

test("who has left goes with the young objects, however many are there at once", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void;
  const ticker = new Ticker(manualClock(), 100);
  const weight = 10_000;
  const come = () => {
    const ballast = new ArrayBuffer(weight);
    return ticker.add(() => ballast.byteLength);
  };
  const there: (() => void)[] = [];
  const load = (count: number) => {
    for (let index = 0; index < count; index += 1) if (there.push(come()) > 32) there.shift()?.();
  };
  const held = async () => {
    for (let round = 0; round < 4; round += 1) {
      collect({ type: "minor" });
      await setImmediate();
    }
    return process.memoryUsage().arrayBuffers / weight;
  };
  load(600);
  collect();
  const before = await held();
  load(300);
  const after = await held();
  expect(after - before).toBeLessThan(64);
});
