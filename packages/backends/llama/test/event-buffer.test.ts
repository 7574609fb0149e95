import { describe, expect, it } from "vitest";
import { EventBuffer } from "../src/event-buffer.ts";

const stop = { type: "finish", reason: "stop" } as const;

describe("a buffer of events", () => {
  it("joins neighbours of a kind and gives everything at once", async () => {
    const buffer = new EventBuffer();
    buffer.text("reasoning", "Hm");
    buffer.text("reasoning", ".");
    buffer.text("text", "Yes");
    buffer.text("text", ".");
    buffer.push(stop);

    expect(await buffer.take()).toEqual([{ type: "reasoning", text: "Hm." }, { type: "text", text: "Yes." }, stop]);
  });

  it("gives what comes while somebody waits, without waiting for more", async () => {
    const buffer = new EventBuffer();
    const first = buffer.take();
    buffer.text("text", "a");
    expect(await first).toEqual([{ type: "text", text: "a" }]);
    const second = buffer.take();
    buffer.text("text", "b");
    expect(await second).toEqual([{ type: "text", text: "b" }]);
  });

  it("ends after what is there", async () => {
    const buffer = new EventBuffer();
    buffer.text("text", "a");
    buffer.end();
    buffer.end({ error: new Error("too late") });

    expect(await buffer.take()).toHaveLength(1);
    expect(await buffer.take()).toBeUndefined();
  });

  it("fails after what is there, also who waits", async () => {
    const buffer = new EventBuffer();
    const waiting = buffer.take();
    buffer.end({ error: new Error("broken") });

    await expect(waiting).rejects.toThrow("broken");
  });
});
