import { describe, expect, it } from "vitest";
import { ChatError } from "@parlor/core";
import { PassiveHealth } from "../src/health.ts";

describe("health", () => {
  it("is taken for good again after 15 s without calls", () => {
    let now = 0;
    const health = new PassiveHealth(() => now);
    for (let call = 0; call < 3; call++) health.failed(new ChatError("backend_unavailable", "Gone."));
    expect(health.state).toEqual({ healthy: false, detail: "Gone." });
    now = 15_000;
    expect(health.state).toEqual({ healthy: true });
  });
});
