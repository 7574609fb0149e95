import type { ModelBackend } from "@parlor/core";
import type { Token } from "node-llama-cpp";
import { beforeAll, describe, expect, it } from "vitest";
import { readPrompt } from "../src/generate.ts";
import { ask, load, start, user } from "./support.ts";

const why = new Error("Somebody stopped it.");
const request = (text: string) => ({ messages: [user(text)], settings: {} });

describe("stopping on one sequence with one place in the queue", () => {
  let endless: ModelBackend;
  beforeAll(async () => {
    // So large that an answer which goes on unseen keeps its sequence until the test has timed out.
    const size = 65_536;
    endless = await load({ endless: true, contextLength: size }, { contextSize: size, sequences: 1, maxQueued: 1 });
  });
  const answers = () =>
    expect(ask(endless, "still there?", { maxTokens: 3 })).resolves.toMatchObject({ finish: "length" });

  it("a signal that came before asks nothing", async () => {
    await expect(ask(endless, "hi", {}, AbortSignal.abort(why))).rejects.toBe(why);
  });

  it("before the first token computes no more of the prompt", async () => {
    const stop = new AbortController();
    const text = "A question of some length. ".repeat(100);
    const first = endless.generate(request(text), stop.signal)[Symbol.asyncIterator]().next();
    stop.abort(why);

    await expect(first).rejects.toBe(why);
    const { usage } = await ask(endless, text, { maxTokens: 1 });
    expect(usage?.inputTokens).toBeGreaterThan(2_000);
    expect(usage?.cachedInputTokens).toBeLessThan(100);
  });

  it("in the middle ends with the signal's reason and frees the sequence", async () => {
    const stop = new AbortController();
    const reader = await start(endless, "hi", stop.signal);
    await reader.next();
    stop.abort(why);

    const rest = (async () => {
      while (!(await reader.next()).done);
    })();
    await expect(rest).rejects.toBe(why);
    await answers();
  });

  it("by leaving the loop frees the sequence", async () => {
    for await (const batch of endless.generate(request("hi"), new AbortController().signal)) {
      expect(batch[0]?.type).toBe("text");
      break;
    }
    await answers();
  });

  it("in the queue leaves it, and the place is free for another", async () => {
    const stop = new AbortController();
    const [running, waiting] = [new AbortController(), new AbortController()];
    const reader = await start(endless, "hi", running.signal);
    const queued = ask(endless, "next", {}, waiting.signal);
    await expect(ask(endless, "too many")).rejects.toMatchObject({ code: "backend_overloaded", status: 503 });

    waiting.abort(why);
    await expect(queued).rejects.toBe(why);
    const after = ask(endless, "then me", { maxTokens: 5 }, stop.signal);
    expect((await reader.next()).done).toBe(false);
    running.abort(why);

    expect(await after).toMatchObject({ finish: "length", usage: { outputTokens: 5 } });
  });
});

describe("reading a prompt", () => {
  /** Counts pieces, and aborts during one of them. */
  function sequence(abortIn: number, stop: AbortController) {
    const pieces: number[] = [];
    return {
      pieces,
      nextTokenIndex: 0,
      context: { batchSize: 512 },
      async evaluateWithoutGeneratingNewTokens(tokens: Token[]) {
        this.nextTokenIndex += tokens.length;
        if (pieces.push(tokens.length) === abortIn) stop.abort(why);
      },
    };
  }
  const tokens = Array.from({ length: 3_000 }, (_, token) => token as Token);

  it("leaves the last token, in pieces no larger than a batch", async () => {
    const stop = new AbortController();
    const all = sequence(Infinity, stop);
    await readPrompt(all, tokens, stop.signal);

    expect(all.nextTokenIndex).toBe(2_999);
    expect(Math.max(...all.pieces)).toBe(512);
    expect(all.pieces.length).toBeGreaterThan(5);
  });

  it("stops between two pieces", async () => {
    const stop = new AbortController();
    const cut = sequence(2, stop);

    await expect(readPrompt(cut, tokens, stop.signal)).rejects.toBe(why);
    expect(cut.pieces).toHaveLength(2);
  });
});
