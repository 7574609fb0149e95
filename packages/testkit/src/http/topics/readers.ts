import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setImmediate } from "node:timers/promises";
import type { BackendEvent } from "@parlor/core";
import { manualClock, says } from "@parlor/core/testing";
import { collect, readEvents, type ServerEvent, textOf } from "../server-events.ts";
import { check, type HttpTopic, type Site } from "../suite.ts";

const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";

/** More than the buffers of both kernels and of Node hold together. */
const reads = 400;
const size = 64 * 1024;
const long: readonly BackendEvent[] = Array.from({ length: reads }, (_, index) => ({
  type: "text",
  text: String(index).padEnd(size, "."),
}));
const whole = long.map((event) => (event.type === "text" ? event.text : "")).join("");
const engine = () => ({ maxAnswerCharacters: 2 * reads * size });

/** A reader that takes nothing until told. */
async function idle({ url }: Site, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const request = get(url + path, { agent: false, headers: { authorization: "Bearer ada", ...headers } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => {});
  return response;
}

async function read(response: IncomingMessage): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of response) yield chunk;
    } catch {
      // Cut off: what came until then counts.
    }
  }
  for await (const event of readEvents(bytes())) events.push(event);
  return events;
}

export const readers: HttpTopic = {
  name: "readers",
  cases: [
    check(
      "a slow one gets everything in the end",
      async (site) => {
        const response = await idle(site, stream);
        await site.backend.calls[0]?.left;
        assert.equal(textOf(await read(response)), whole);
      },
      { model: [...long, ...says("")], engine },
    ),
    check(
      "T34: one that takes nothing is cut after the stall time, slows nobody, and resumes without loss",
      async (site) => {
        const clock = site.engine.clock as ReturnType<typeof manualClock>;
        const response = await idle(site, stream);
        // The turn and another reader go on meanwhile.
        await site.backend.calls[0]?.left;
        const [, session] = await Promise.all([
          site.engine.live({ owner: "ada", id: "s1" }).then((turn) => turn?.reply()),
          site.ask("GET", "/history/s1"),
        ]);
        assert.equal(session.status, 200);
        clock.advance(30_000);
        const seen = await read(response);
        assert.ok(seen.length < reads, "it was not cut");
        assert.ok(!response.complete, "it looks like a whole reply");
        const id = seen.at(-1)?.id ?? "";
        const rest = await collect(site.events("GET", stream, { headers: { "last-event-id": id } }));
        assert.equal(rest.at(-1)?.event, "done");
        assert.equal(textOf([...seen, ...rest]), whole);
      },
      { model: [...long, ...says("")], engine: () => ({ ...engine(), clock: manualClock() }) },
    ),
    check(
      "silence is filled by comments, within the heartbeat's time",
      async (site) => {
        const clock = site.engine.clock as ReturnType<typeof manualClock>;
        const opened = site.open("GET", stream);
        await site.backend.called();
        const response = await opened;
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        while (!text.includes("Well")) text += (await reader.read()).value;
        for (let beats = 0; beats < 2; beats += 1) {
          // A second at a time, so that the turn's lease is renewed on the way.
          for (let second = 0; second < 15; second += 1) {
            clock.advance(1_000);
            await setImmediate();
          }
          assert.match((await reader.read()).value ?? "", /^(:\n\n)+$/);
        }
        await site.engine.stop({ owner: "ada", id: "s1" });
        await reader.cancel();
      },
      { model: [{ type: "text", text: "Well" }, { stall: true }], engine: () => ({ clock: manualClock() }) },
    ),
  ],
};
