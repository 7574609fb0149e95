import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { characters, charactersOf, fit, lastMessages, mediaTokens, type PromptMessage, tokens } from "../src/index.ts";

const say = (role: PromptMessage["role"], text: string): PromptMessage => ({ role, parts: [{ type: "text", text }] });
const texts = (messages: readonly PromptMessage[]) =>
  messages.map((message) => message.parts.map((part) => (part.type === "text" ? part.text : part.type)).join());

describe("fit", () => {
  const talk = [
    say("system", "be brief"),
    say("user", "a1"),
    say("assistant", "b1"),
    say("user", "a2"),
    say("assistant", "b2"),
    say("user", "a3"),
  ];

  test("keeps everything that fits", () => {
    expect(fit(talk, lastMessages(10))).toEqual({ messages: talk, leftOut: 0, over: undefined });
    expect(fit(talk).leftOut).toBe(0);
  });

  test("drops whole exchanges from the front, and starts at a user message", () => {
    expect(texts(fit(talk, lastMessages(3)).messages)).toEqual(["be brief", "a2", "b2", "a3"]);
    expect(texts(fit(talk, lastMessages(2)).messages)).toEqual(["be brief", "a3"]);
    expect(fit(talk, lastMessages(2)).leftOut).toBe(4);
  });

  test("the strictest of several budgets decides", () => {
    expect(texts(fit(talk, lastMessages(5), characters(12)).messages)).toEqual(["be brief", "a3"]);
    expect(
      texts(
        fit(
          talk,
          characters(14),
          tokens(100, () => 1),
        ).messages,
      ),
    ).toEqual(["be brief", "a2", "b2", "a3"]);
  });

  test("stored token counts are taken, others are asked for", () => {
    const counted = [{ ...say("user", "old"), tokens: 90 }, say("assistant", "x"), say("user", "new")];
    expect(
      texts(
        fit(
          counted,
          tokens(50, () => 1),
        ).messages,
      ),
    ).toEqual(["new"]);
  });

  test("says when what must be kept is too much", () => {
    expect(fit(talk, characters(9)).over).toBe("characters");
    expect(texts(fit(talk, characters(9)).messages)).toEqual(["be brief", "a3"]);
  });

  test("never parts a tool call from its result", () => {
    const withTools: PromptMessage[] = [
      say("user", "a1"),
      { role: "assistant", parts: [{ type: "tool-call", id: "1", name: "clock", input: {} }] },
      { role: "tool", parts: [{ type: "tool-result", id: "1", output: "noon" }] },
      say("assistant", "it is noon"),
      say("user", "a2"),
    ];
    for (let most = 1; most <= 5; most += 1) {
      const kept = fit(withTools, lastMessages(most)).messages;
      const ids = (type: "tool-call" | "tool-result") =>
        kept.flatMap((m) => m.parts.flatMap((part) => (part.type === type && "id" in part ? [part.id] : [])));
      expect(ids("tool-call")).toEqual(ids("tool-result"));
    }
  });

  const message = fc.record({
    role: fc.constantFrom("user" as const, "assistant" as const, "tool" as const),
    parts: fc.array(fc.record({ type: fc.constant("text" as const), text: fc.string({ maxLength: 20 }) }), {
      minLength: 1,
      maxLength: 2,
    }),
  });

  test("property: a suffix of whole exchanges, within budget, and as long as can be", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 30 }),
        fc.option(fc.string({ maxLength: 10 })),
        fc.nat(12),
        fc.nat(120),
        (past, system, most, size) => {
          const messages: PromptMessage[] = [...(system ? [say("system", system)] : []), ...past, say("user", "now")];
          const head = system ? 1 : 0;
          const budgets = [lastMessages(most), characters(size)];
          const { messages: kept, leftOut, over } = fit(messages, ...budgets);
          const tail = kept.slice(head);

          expect(kept.slice(0, head)).toEqual(messages.slice(0, head));
          expect(tail).toEqual(messages.slice(head + leftOut));
          expect(tail.at(-1)).toEqual(say("user", "now"));
          expect(tail[0]?.role).toBe("user");
          const breaks = (list: readonly PromptMessage[]) =>
            budgets.some((budget) => list.reduce((sum, m) => sum + budget.cost(m), 0) > budget.limit);
          if (over) expect(tail).toHaveLength(1);
          else expect(breaks(kept)).toBe(false);
          // One more exchange would have been too much.
          const previous = messages
            .slice(0, head + leftOut)
            .findLastIndex((m, index) => index >= head && m.role === "user");
          if (previous >= head) expect(breaks([...messages.slice(0, head), ...messages.slice(previous)])).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("characters count what is sent: text and tool data, no reasoning", () => {
    expect(
      charactersOf({
        role: "assistant",
        parts: [
          { type: "reasoning", text: "hmm" },
          { type: "text", text: "four" },
        ],
      }),
    ).toBe(4);
    expect(charactersOf({ role: "tool", parts: [{ type: "tool-result", id: "1", output: { a: 1 } }] })).toBe(7);
  });
});

describe("tokens of media", () => {
  const data = (mediaType: string, length: number) => `data:${mediaType};base64,`.padEnd(length, "A");

  test.for([
    ["image", data("image/png", 100), 1_600],
    ["image", data("image/png", 1_000_000), 1_600],
    ["image", "https://example.com/a.png", 1_600],
    ["audio", data("audio/wav", 1_000_000), 1_600],
    ["file", "https://example.com/a.pdf", 1_600],
    ["file", data("image/png", 1_000_000), 1_600],
    ["file", data("application/pdf", 100), 1_600],
    ["file", data("application/pdf", 1_000_000), 25_000],
    ["file", data("text/csv", 1_600), 300],
    ["file", data("application/json", 1_000_000), 187_500],
  ] as const)("%s, %.30s …: %i", ([type, url, tokens]) => {
    expect(mediaTokens({ type, url })).toBe(tokens);
  });
});
