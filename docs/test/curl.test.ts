import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blocks, root } from "./markdown.ts";
import { freePort, run, start, type Started } from "./run.ts";

const lines = blocks()
  .filter(({ language }) => language === "sh curl")
  .flatMap(({ code }) => code.trim().split("\n"));
const cli = fileURLToPath(new URL("packages/server/src/cli.ts", root));
let server: Started;
let port: number;

beforeAll(async () => {
  port = await freePort();
  server = await start(cli, /curl/, { PORT: String(port), SQLITE_PATH: ":memory:" }, new URL("./", import.meta.url));
});
afterAll(async () => {
  await server.stop();
});

/** Where a reader that has had one event of a new turn comes back. */
async function firstEventId(): Promise<string> {
  const query = new URLSearchParams({ session_id: "demo", message: "Hello" });
  const stream = await fetch(`http://127.0.0.1:${port}/api/v1/chat/stream?${query}`);
  const [, id = ""] = /^event: chunk\nid: (\S+)$/m.exec(await stream.text()) ?? [];
  return id;
}

/** What each line must give, whatever the model. */
const expected: readonly [RegExp, RegExp][] = [
  [/Last-Event-ID/, /^(?!.*event: chunk\nid: \S+:1\n).*event: done\nid: \S+\ndata: /s],
  [/chat\/stop/, /^\{"stopped":false,"session_id":"demo"\}$/],
  [/v1\/chat'? -H/, /^\{"message":".*demo model.*","session_id":"demo","message_id":"/s],
  [
    /chat\/stream/,
    /event: chunk\nid: \S+:1\ndata: \{"content":".*"is_final":true.*event: done\nid: \S+\ndata: \{"message":"Stream completed"\}/s,
  ],
  [/8000\/chat -H/, /^\{"response":".*demo model.*"session_id":"demo".*"turn_count":\d+/s],
  [/chat-stream/, /demo model/],
  [/history\/demo/, /^\{"session_id":"demo","messages":\[\{"role":"user","content":"Hello"\},\{"role":"assistant"/],
  [/\/sessions$/, /^\{"sessions":\[\{"session_id":"demo","turns":\d+,"created_at":"/],
  [/reset\/demo/, /^\{"status":"reset","session_id":"demo","previous_turns":\d+\}/],
  [/\/stats$/, /^\{"total_sessions":\d+,"total_messages":\d+,"avg_messages_per_session":/],
  [/chat\/completions/, /"content":" ?model.*"finish_reason":"stop"\}\]\}.*data: \[DONE\]\n\n$/s],
  [/v1\/responses/, /^\{"id":"resp_.*"status":"completed".*demo model/],
  [
    /api\/chat/,
    /data: \{"type":"start","messageId":".*"delta":" ?model.*\{"type":"finish-step"\}.*data: \[DONE\]\n\n$/s,
  ],
  [/v1\/health/, /^\{"status":"healthy","version":"/],
  [/model\/info/, /^\{"name":"parlor-demo","type":"llama.cpp","loaded":true,"parameters":\{/],
];

test("the pages have a curl line for each", () => {
  for (const [which] of expected) expect(lines.filter((line) => which.test(line))).not.toEqual([]);
});

test.for(lines)("%s", async (line) => {
  const env = line.includes("$LAST_EVENT_ID") ? { LAST_EVENT_ID: await firstEventId() } : {};
  const { code, output } = await run("sh", ["-c", line.replaceAll("8000", String(port))], env);
  const [, pattern] = expected.find(([which]) => which.test(line)) ?? [];
  expect(output).toMatch(pattern ?? "no expectation for this line");
  expect(code).toBe(0);
});
