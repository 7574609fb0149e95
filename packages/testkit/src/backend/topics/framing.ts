import assert from "node:assert/strict";
import { type BackendCase, type BackendTopic, check, type Recorded } from "../suite.ts";
import type { Wire } from "../../provider/index.ts";

const words = ["Grö", "ße 😀", ' "\\\n', "日本", " end"];

/** The same answer, however it travels. */
function travels(name: string, wire: Wire, records?: (recorded: Recorded) => readonly string[]): BackendCase {
  return check(
    name,
    async ({ ask, fake }) => {
      fake.next({ answer: { said: words.map((text) => ({ text })) }, wire, ...(records && { records }) });
      const outcome = await ask();
      assert.deepEqual([outcome.error, outcome.text, outcome.finish], [undefined, words.join(""), "stop"]);
      assert.deepEqual([outcome.usage?.inputTokens, outcome.usage?.outputTokens], [10, 5]);
    },
    // Who does not read the bytes itself may not know comments.
    { needs: records ? ["wire"] : [] },
  );
}

export const framing: BackendTopic = {
  name: "framing",
  cases: [
    travels("records may come one by one", { perWrite: 1 }),
    ...[1, 2, 3, 7, 64].map((split) => travels(`chunks may have ${split} bytes`, { split })),
    travels("lines may end with CRLF, cut anywhere", { lineEnd: "\r\n", split: 1 }),
    travels("lines may end with CR, cut anywhere", { lineEnd: "\r", split: 1 }),
    travels("a byte order mark may come first", { bom: true }),
    travels("comments may come between records", {}, ({ records }) => [
      ": welcome\n\n",
      ...records.flatMap((record) => [record, ": keep-alive\n\n", ":\n"]),
    ]),
    travels("comments may stand within a record", { split: 5 }, ({ records }) =>
      records.map((record) => `: in between\n${record}`),
    ),
  ],
};
