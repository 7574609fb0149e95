import assert from "node:assert/strict";
import { expectReply } from "../expect.ts";
import { chunksOf, collect } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";

export const stop: HttpTopic = {
  name: "stopping",
  cases: [
    check(
      "keeps what there is, and the stream ends like a complete one",
      async ({ ask, events, backend }) => {
        const streaming = events("GET", "/api/v1/chat/stream?message=Hi&session_id=s1");
        const first = await streaming.next();
        expectReply(await ask("POST", "/api/v1/chat/stop", { body: { session_id: "s1" } }), {
          stopped: true,
          session_id: "s1",
        });
        const rest = await collect(streaming);
        assert.equal(first.value?.event, "chunk");
        assert.deepEqual(
          rest.map(({ event }) => event),
          ["chunk", "done"],
        );
        assert.deepEqual(
          chunksOf(rest).map(({ content, chunk_id, is_final }) => [content, chunk_id, is_final]),
          [["", 1, true]],
        );
        await backend.calls[0]?.left;
        const { body } = await ask("GET", "/api/v1/sessions/s1");
        assert.partialDeepStrictEqual(body, {
          messages: [
            { role: "user", content: "Hi" },
            { role: "assistant", content: "half an", metadata: { status: "interrupted" } },
          ],
        });
      },
      { model: [{ type: "text", text: "half an" }, { stall: true }] },
    ),
    check("finds nothing where nothing runs", async ({ ask }) => {
      const asked = { body: { session_id: "s1" } };
      expectReply(await ask("POST", "/api/v1/chat/stop", asked), { stopped: false, session_id: "s1" });
    }),
    check(
      "is for the owner alone",
      async ({ ask, events, backend }) => {
        const streaming = events("GET", "/api/v1/chat/stream?message=Hi&session_id=s1");
        await streaming.next();
        const { body } = await ask("POST", "/api/v1/chat/stop", { as: "eve", body: { session_id: "s1" } });
        assert.deepEqual(body, { stopped: false, session_id: "s1" });
        assert.equal(backend.calls[0]?.signal.aborted, false);
        await streaming.return(undefined);
      },
      { model: [{ type: "text", text: "half an" }, { stall: true }] },
    ),
  ],
};
