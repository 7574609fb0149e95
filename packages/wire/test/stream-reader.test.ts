import { describe, expect, it } from "vitest";
import { StreamReader } from "@parlor/wire";

/** `data:` is text, a thought, a seal, `end`, or JSON that nobody reads. */
class Words extends StreamReader {
  constructor(coalesce = true) {
    super("words", coalesce);
  }

  protected override onEvent(event: string | undefined, data: string): void {
    if (event === "thought") this.say("reasoning", data);
    else if (event === "seal") this.mark("reasoning", { words: data });
    else if (data === "end") this.finish("stop");
    else if (data.startsWith("{")) JSON.parse(data);
    else this.say("text", data);
  }

  protected override onWhole(answer: { readonly text?: string }): void {
    if (answer.text === undefined) return;
    this.say("text", answer.text);
    this.finish("stop");
    this.usage = { inputTokens: 1, outputTokens: 2 };
  }
}

const text = (said: string) => ({ type: "text", text: said });

describe("a reader of streams", () => {
  it("joins what one read says, and nothing of two", () => {
    const words = new Words();
    expect(words.feed("data: a\n\ndata: b\n\n")).toEqual([text("ab")]);
    expect(words.feed("data: c\n\n")).toEqual([text("c")]);
    expect(new Words(false).feed("data: a\n\ndata: b\n\n")).toEqual([text("a"), text("b")]);
  });

  it("marks the thought that ends, or an empty one: what follows is another", () => {
    const words = new Words();
    const one = { type: "reasoning", text: "a", meta: { words: "1" } };
    const two = { type: "reasoning", text: "", meta: { words: "2" } };
    const three = { type: "reasoning", text: "b" };
    const thoughts = ["thought\ndata: a", "seal\ndata: 1", "seal\ndata: 2", "thought\ndata: b"];
    expect(words.feed(thoughts.map((thought) => `event: ${thought}\n\n`).join(""))).toEqual([one, two, three]);
  });

  it("takes a last record without its blank line, and half a record for nothing", () => {
    const whole = new Words();
    whole.feed("data: a\n\ndata: end");
    expect(whole.end()).toEqual([{ type: "finish", reason: "stop" }]);
    expect(whole.failure).toBeUndefined();
    for (const cut of ["data: b", 'data: {"b', "dat", ""]) {
      const words = new Words();
      words.feed(`data: a\n\n${cut}`);
      words.end(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
      expect(words.failure).toMatchObject({ code: "upstream_truncated", cause: { code: "ECONNRESET" } });
    }
  });

  it("tells of an answer in one piece, with usage after the finish; of anything else that it is none", () => {
    const words = new Words();
    expect(words.whole('{"text":"a"}').map(({ type }) => type)).toEqual(["text", "finish", "usage"]);
    for (const other of ["{}", "null", "<html>", '{"text'] as const) {
      const none = new Words();
      expect(none.whole(other)).toEqual([]);
      expect(none.failure?.code).toBe("upstream_invalid");
      expect(String(none.failure?.cause)).not.toContain("html");
    }
  });

  it.each([
    ["an event without end", "data: x"],
    ["an event of lines without end", "data: x\n"],
  ])("gives %s up at 1 MB", (_, piece) => {
    const words = new Words();
    for (let read = 0; read < 100 && words.failure === undefined; read++) words.feed(piece.repeat(8192));
    expect(words.failure?.code).toBe("upstream_invalid");
  });

  it("gives unknown fields up, and forgets comments and ids", () => {
    const strange = new Words();
    strange.feed("x: y\n".repeat(1001));
    expect(strange.failure?.code).toBe("upstream_invalid");
    for (const endless of [": comment\n", "id: 1\n", "nonsense"]) {
      const words = new Words();
      const before = process.memoryUsage().heapUsed;
      for (let read = 0; read < 500; read++) words.feed(`:${read}\n${endless.repeat(65_536 / endless.length)}`);
      expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(60);
      expect(words.failure).toBeUndefined();
    }
  });
});
