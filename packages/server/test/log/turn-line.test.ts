import { expect, test } from "vitest";
import { turnLine } from "../../src/log/turn-line.ts";

test("a turn is one line with the owner hashed and no text", () => {
  const line = turnLine({
    owner: "ada@example.com",
    session: "s1",
    turn: "t1",
    provider: "openai",
    model: "gpt-5-mini",
    requestId: "r1",
    status: "failed",
    code: "backend_timeout",
    outcome: {
      status: "failed",
      usage: { inputTokens: 3, outputTokens: 5 },
      error: { code: "backend_timeout", detail: "The model took too long." },
      generationMs: 90,
    },
    acceptedMs: 1.23456,
    firstEventMs: 40,
    totalMs: 100,
  });
  expect(line).toEqual({
    request_id: "r1",
    owner: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
    session: "s1",
    turn: "t1",
    provider: "openai",
    model: "gpt-5-mini",
    status: "failed",
    code: "backend_timeout",
    finish_reason: undefined,
    usage: { inputTokens: 3, outputTokens: 5 },
    generation_ms: 90,
    accepted_ms: 1.235,
    first_event_ms: 40,
    total_ms: 100,
  });
});
