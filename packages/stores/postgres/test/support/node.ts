/**
 * A node of its own process: runs turns and says on its standard output what its clients see.
 * Arguments: connection string, schema, owner, session, words per answer, turns.
 */
import { createChatEngine } from "@parlor/core";
import { scriptedBackend, type Step } from "@parlor/core/testing";
import { postgres } from "../../src/index.ts";

const [url = "", schema = "", owner = "", session = "", words = "", turns = ""] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const backend = scriptedBackend((_, call) => [
  ...Array.from({ length: Number(words) }, (_, at): readonly Step[] => [
    { wait: new Promise((resolve) => setTimeout(resolve, at * 5)) },
    { type: "text", text: `word-${call}-${at} ` },
  ]).flat(),
  { type: "finish", reason: "stop" },
]);
const engine = createChatEngine({
  backend,
  storage: postgres({ url, schema }),
  lease: { ms: 1_000, renewMs: 300 },
});

for (let at = 0; at < Number(turns); at += 1) {
  const turn = await engine.start({ owner, session, message: `Question ${at}`, messageId: `question-${at}` });
  say({ accepted: turn.id, message: `question-${at}`, answer: turn.message });
  await new Promise<void>((resolve) => {
    turn.subscribe(0, {
      onBatch(events) {
        for (const event of events) {
          if (event.type === "text") say({ turn: turn.id, text: event.text });
          else if (event.type === "end") {
            say({ turn: turn.id, ended: event.status });
            resolve();
          }
        }
      },
      onError(error) {
        say({ turn: turn.id, error: error.code });
        resolve();
      },
    });
  });
}
await engine.close();
