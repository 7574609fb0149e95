import { memory } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { storageConformance } from "@parlor/testkit/storage";
import { describe, it } from "vitest";

storageConformance({
  create: async (options) => {
    const clock = manualClock();
    return { storage: memory({ ...options, clock }), alone: true, advance: (ms) => clock.advance(ms) };
  },
  runner: { describe, it, skip: it.skip },
});
