import { createChatEngine } from "@parlor/core";
import { type Step, scriptedBackend } from "@parlor/core/testing";
import { sqlite } from "@parlor/sqlite";

// A node: answers word by word for ever, and says what its reader has seen.
const [, , path = "", session = "", words = "Infinity"] = process.argv;
const script = function* (): Generator<Step> {
  for (let word = 0; word < Number(words); word++) {
    yield { type: "text", text: `${session}:${word} ` };
    yield { wait: new Promise((resolve) => setTimeout(resolve, 2)) };
  }
  yield { stall: true };
};
const engine = createChatEngine({
  backend: scriptedBackend(() => script() as Iterable<Step> as readonly Step[]),
  storage: sqlite(path, { timeoutMs: 10_000 }),
  lease: { ms: 1_500, renewMs: 300 },
});
const turn = await engine.start({
  owner: "ada",
  session,
  message: `Question of ${session}`,
  messageId: `user-${session}`,
});
process.send?.({ kind: "accepted", value: turn.id });
turn.subscribe(0, {
  onBatch: (events) => {
    for (const event of events) {
      if (event.type === "text") process.send?.({ kind: "seen", value: event.text });
      else if (event.type === "end") process.send?.({ kind: "ended", value: event });
    }
  },
  onError: (error) => process.send?.({ kind: "failed", value: error.code }),
});
