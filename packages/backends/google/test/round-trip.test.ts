import { describe, expect, it } from "vitest";
import { createChatEngine, type Tool } from "@parlor/core";
import { functionCall, parts, text, thoughts, type GeminiReply } from "@parlor/testkit/google";
import { cleanUp, pair } from "./support.ts";

const tool: Tool = { description: "T", inputSchema: { type: "object" }, timeoutMs: 1000, run: async () => "done" };

/** The contents that Google gets in the nth request, when an engine keeps the conversation and runs the tools `a` and `b`. */
async function contentsOf(request: number, replies: readonly GeminiReply[], messages: readonly string[]) {
  const { backend, fake } = await pair();
  fake.next(...replies);
  const engine = createChatEngine({ backend, tools: { a: tool, b: tool } });
  cleanUp(() => engine.close());
  for (const message of messages) await engine.send({ owner: "ada", session: "s", message });
  return (await fake.request(request)).body?.["contents"] as { role: string; parts: unknown[] }[];
}

describe("signatures go back verbatim, on the part that they came with", () => {
  /** What the model gets back of its own answer in the next turn. */
  const returned = async (reply: GeminiReply): Promise<unknown> =>
    (await contentsOf(1, [reply], ["Hi", "Go on"]))[1]?.parts;

  it.each(["records in one read", "records one by one"])("on a part with empty text: on one (%s)", async (how) => {
    const wire = how === "records one by one" ? { perWrite: 1 } : {};
    const reply = { steps: [...thoughts("Hm"), ...text("It", " is")], signature: "c2ln+/=", wire };
    expect(await returned(reply)).toEqual([{ text: "It is" }, { text: "", thoughtSignature: "c2ln+/=" }]);
  });

  it("on text: on the text", async () => {
    const steps = [...text("It"), ...parts({ text: " is", thoughtSignature: "sig" }), ...text(" not")];
    expect(await returned({ steps })).toEqual([{ text: "It is", thoughtSignature: "sig" }, { text: " not" }]);
  });

  it("on thoughts: on the thoughts, which go back for its sake", async () => {
    const signed = parts({ text: "m", thought: true, thoughtSignature: "sig" });
    expect(await returned({ steps: [...thoughts("H"), ...signed, ...thoughts("unsigned"), ...text("Yes")] })).toEqual([
      { text: "Hm", thought: true, thoughtSignature: "sig" },
      { text: "Yes" },
    ]);
    const apart = parts({ text: "", thought: true, thoughtSignature: "sig" });
    expect(await returned({ steps: [...thoughts("Hm"), ...apart, ...text("Yes")] })).toEqual([
      { text: "Hm", thought: true },
      { text: "", thought: true, thoughtSignature: "sig" },
      { text: "Yes" },
    ]);
  });
});

describe("function calls that the engine runs", () => {
  it("go back with the ids and signatures that Google gave, and no others", async () => {
    const calls = [functionCall("a", { n: 1 }, { id: "g-1", signature: "sig" }), functionCall("b", {})];
    expect(await contentsOf(1, [{ steps: [...text("Wait"), ...calls] }], ["Hi"])).toEqual([
      { role: "user", parts: [{ text: "Hi" }] },
      {
        role: "model",
        parts: [
          { text: "Wait" },
          { functionCall: { id: "g-1", name: "a", args: { n: 1 } }, thoughtSignature: "sig" },
          { functionCall: { name: "b", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "g-1", name: "a", response: { output: "done" } } },
          { functionResponse: { name: "b", response: { output: "done" } } },
        ],
      },
    ]);
  });

  it("keep their order over several steps, in this turn and in the next", async () => {
    const step = (name: string): GeminiReply => ({ steps: [functionCall(name, {}, { signature: `of ${name}` })] });
    const last: GeminiReply = { steps: text("Done"), signature: "of the end" };
    const contents = await contentsOf(3, [step("a"), step("b"), last], ["Hi", "Thanks"]);
    expect(contents.slice(1)).toMatchObject([
      { role: "model", parts: [{ functionCall: { name: "a" }, thoughtSignature: "of a" }] },
      { role: "user", parts: [{ functionResponse: { name: "a" } }] },
      { role: "model", parts: [{ functionCall: { name: "b" }, thoughtSignature: "of b" }] },
      { role: "user", parts: [{ functionResponse: { name: "b" } }] },
      { role: "model", parts: [{ text: "Done" }, { text: "", thoughtSignature: "of the end" }] },
      { role: "user", parts: [{ text: "Thanks" }] },
    ]);
  });
});
