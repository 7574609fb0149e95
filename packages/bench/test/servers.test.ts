import { measures, runRounds, serverNames, type Round } from "@parlor/bench";
import { describe, expect, it } from "vitest";

// The load itself fails a reply that lacks a token or has them in another order.
describe.each(serverNames)("the %s server", (name) => {
  it("gives every token of every reply", async () => {
    const rounds: Round[] = [];
    await runRounds({
      servers: [name],
      measures: measures.map((measure) => ({ ...measure, replies: 3, atOnce: 3, warmUpMs: 0 })),
      rounds: 1,
      onRound: (round) => rounds.push(round),
    });
    expect(rounds.map(({ measure }) => measure.name)).toEqual(measures.map((measure) => measure.name));
    for (const { figures } of rounds) expect(figures.get(name)).toBeGreaterThan(0);
  });
});
