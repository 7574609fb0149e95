import { expect, it } from "vitest";
import { z } from "zod";
import { createChatEngine, tool } from "@parlor/core";
import { redactedThinking, text, thinking, toolUse } from "@parlor/testkit/anthropic";
import { cleanUp, pair } from "./support.ts";

it("a turn of the engine gives thoughts back with the call they led to, and the next turn does without them", async () => {
  const { fake, backend } = await pair();
  const weather = tool({
    description: "The weather",
    input: z.object({ city: z.string() }),
    run: ({ city }) => `clear in ${city}`,
  });
  const engine = createChatEngine({ backend, tools: { weather } });
  cleanUp(() => engine.close());
  fake.next(
    {
      steps: [
        thinking("c2ln", "I need", " the weather"),
        redactedThinking("eHh4"),
        text("Let me see."),
        toolUse("toolu_1", "weather", '{"city":"Köln"}'),
      ],
    },
    { steps: [thinking("bmV4dA", "Clear then"), text("It is clear.")] },
    { steps: [text("You are welcome.")] },
  );
  const reply = await engine.send({ owner: "ada", session: "s", message: "How is the weather?" });
  expect(reply.text).toContain("It is clear.");
  await engine.send({ owner: "ada", session: "s", message: "Thanks" });

  const user = { role: "user", content: [{ type: "text", text: "How is the weather?" }] };
  const called = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Köln" } };
  const result = { type: "tool_result", tool_use_id: "toolu_1", content: "clear in Köln" };
  expect(fake.requests[1]?.body?.["messages"]).toEqual([
    user,
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "I need the weather", signature: "c2ln" },
        { type: "redacted_thinking", data: "eHh4" },
        { type: "text", text: "Let me see." },
        called,
      ],
    },
    { role: "user", content: [result] },
  ]);
  expect(fake.requests[2]?.body?.["messages"]).toEqual([
    user,
    { role: "assistant", content: [{ type: "text", text: "Let me see." }, called] },
    { role: "user", content: [result] },
    { role: "assistant", content: [{ type: "text", text: "It is clear." }] },
    { role: "user", content: [{ type: "text", text: "Thanks" }] },
  ]);
});
