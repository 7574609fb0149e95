// Run by guards.test.ts in a process of its own, because one rejection that nobody handles ends it. `bare` uses the SDK as its own
// documentation does.
import { setImmediate } from "node:timers/promises";
import { GoogleGenerativeAI } from "@google/generative-ai";
import { ChatError } from "@parlor/core";
import { generativeAi } from "@parlor/google/generative-ai";
import { blockedPrompt, errorBody, failure, fakeGoogle, text, type GeminiReply } from "@parlor/testkit/google";

const steps = text("Größe ", "😀", " end");
const positions = Array.from({ length: 90 }, (_, index) => index * 8);
const worst: readonly GeminiReply[] = [
  ...(["end", "fin", "reset"] as const).flatMap((how) =>
    positions.map((at) => ({ steps, wire: { cut: { at, how } } })),
  ),
  ...positions.map((corrupt) => ({ steps, wire: { corrupt } })),
  { steps: [{ comment: "ping" }, ...steps] },
  { steps: [...steps, { raw: "data: {\n\n" }] },
  { steps: [...steps, { chunk: errorBody(503, "UNAVAILABLE", "Sorry.") }], finish: null },
  { steps, finish: null },
  { steps, finish: "SAFETY" },
  { steps: [] },
  { steps: [{ chunk: null }] },
  { steps: [{ chunk: [] }] },
  blockedPrompt(),
  failure(500, "INTERNAL"),
  { status: 200, body: "<html></html>" },
  { status: 200, body: "" },
];

const fake = await fakeGoogle();
const model = new GoogleGenerativeAI("key").getGenerativeModel({ model: "gemini-2.5-flash" }, { baseUrl: fake.url });
const backend = generativeAi(model, { retries: 0 });
const outcomes: Record<string, number> = {};

async function guarded(): Promise<string> {
  const messages = [{ role: "user", parts: [{ type: "text", text: "Hi" }] }] as const;
  let outcome = "nothing";
  try {
    for await (const batch of backend.generate({ messages, settings: {} }, new AbortController().signal)) {
      for (const event of batch) if (event.type === "finish") outcome = event.reason;
    }
  } catch (error) {
    outcome = ChatError.isInstance(error) ? error.code : `not ours: ${String(error)}`;
  }
  return outcome;
}

async function bare(): Promise<string> {
  try {
    const { stream } = await model.generateContentStream("Hi");
    for await (const chunk of stream) chunk.text();
    return "ended";
  } catch {
    return "failed";
  }
}

for (const reply of worst) {
  fake.next(reply);
  const outcome = await (process.argv[2] === "bare" ? bare() : guarded());
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  await setImmediate();
}
await fake.close();
console.log(JSON.stringify({ asked: worst.length, outcomes }));
