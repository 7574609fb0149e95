import type { Token } from "node-llama-cpp";
import { describe, expect, it } from "vitest";
import { SequencePool, type Slot } from "../src/sequences.ts";

const signal = new AbortController().signal;
const tokens = (text: string) => Array.from(text, (character) => character.charCodeAt(0) as Token);

/** A pool over sequences that hold these texts. */
function pool(...held: readonly string[]) {
  const slots = held.map((text): Slot => {
    const sequence = {
      nextTokenIndex: text.length,
      compareContextTokens: (asked: Token[]) => {
        const different = tokens(text).findIndex((token, index) => token !== asked[index]);
        return { firstDifferentIndex: different === -1 ? text.length : different };
      },
    };
    return { sequence } as unknown as Slot;
  });
  const waiting = new SequencePool(slots, 2);
  return {
    waiting,
    slots,
    take: async (text: string) => slots.indexOf(await waiting.acquire(tokens(text), signal)),
  };
}

describe("a pool of sequences", () => {
  it("gives the one that holds most of the prompt", async () => {
    const { take } = pool("", "You: hi", "You: hello there", "Me: hi");
    expect(await take("You: hello there. And you?")).toBe(2);
  });

  it("takes no conversation its place for a beginning in common", async () => {
    const { take } = pool("SYSTEM. A long conversation.", "", "");
    expect(await take("SYSTEM. Another one.")).toBe(1);
  });

  it("takes the longest unused one when none is empty", async () => {
    const { take, waiting, slots } = pool("aaaa", "bbbb", "cccc");
    expect(await take("aaaa!")).toBe(0);
    expect(await take("bbbb!")).toBe(1);
    waiting.release(slots[1] as Slot);
    waiting.release(slots[0] as Slot);
    expect([await take("x"), await take("y"), await take("z")]).toEqual([2, 1, 0]);
  });

  it("fills empty ones from the first", async () => {
    const { take } = pool("", "", "");
    expect([await take("x"), await take("y"), await take("z")]).toEqual([0, 1, 2]);
  });

  it("never gives one twice, and hands it to who has waited longest", async () => {
    const { take, waiting, slots } = pool("only");
    await take("first");
    const served: string[] = [];
    const second = take("second").then(() => served.push("second"));
    const third = take("third").then(() => served.push("third"));
    await expect(take("one too many")).rejects.toMatchObject({ code: "backend_overloaded", retryAfterMs: 5_000 });

    waiting.release(slots[0] as Slot);
    await second;
    expect(served).toEqual(["second"]);
    waiting.release(slots[0] as Slot);
    await third;
    expect(served).toEqual(["second", "third"]);
  });

  it("skips who has left, and gives nothing to who has left before", async () => {
    const { take, waiting, slots } = pool("only");
    await take("first");
    const stop = new AbortController();
    const left = waiting.acquire(tokens("second"), stop.signal);
    const stays = take("third");
    stop.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");

    waiting.release(slots[0] as Slot);
    expect(await stays).toBe(0);
    waiting.release(slots[0] as Slot);
    await expect(waiting.acquire(tokens("fourth"), stop.signal)).rejects.toThrow("left");
    expect(await take("fifth")).toBe(0);
  });
});
