import { afterEach, describe, expect, it } from "vitest";
import {
  blockedPrompt,
  failure,
  fakeGoogle,
  functionCall,
  text,
  thoughts,
  type GeminiReply,
} from "@parlor/testkit/google";

const fakes: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

async function ask(reply?: GeminiReply, path = "/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse", key = "k") {
  const fake = await fakeGoogle(reply ? { reply } : {});
  fakes.push(fake);
  const headers = key === "" ? {} : { "x-goog-api-key": key };
  return fetch(`${fake.url}${path}`, { method: "POST", body: JSON.stringify({ contents: [] }), headers });
}

const chunksOf = (stream: string): unknown[] =>
  stream
    .split("\r\n\r\n")
    .filter((record) => record !== "")
    .map((record) => JSON.parse(record.replace(/^data: /, "")) as unknown);

describe("the stream", () => {
  it("has chunks with a running usage, the reason to finish in the last one, and no [DONE]", async () => {
    const response = await ask({ steps: [...thoughts("Hm"), ...text("Hel", "lo")], signature: "sig" });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(chunksOf(await response.text())).toMatchObject([
      { candidates: [{ content: { role: "model", parts: [{ text: "Hm", thought: true }] }, index: 0 }] },
      { candidates: [{ content: { parts: [{ text: "Hel" }] } }], usageMetadata: { candidatesTokenCount: 2 } },
      { candidates: [{ content: { parts: [{ text: "lo" }] } }], modelVersion: "gemini-3.8-flash" },
      {
        candidates: [{ content: { parts: [{ text: "", thoughtSignature: "sig" }] }, finishReason: "STOP" }],
        usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 3, totalTokenCount: 13 },
      },
    ]);
  });

  it("has function calls whole, and ends with STOP after them", async () => {
    const response = await ask({ steps: [functionCall("f", { a: 1 }, { id: "1", signature: "s" })] });
    const [call, last] = chunksOf(await response.text());
    expect(call).toMatchObject({
      candidates: [
        { content: { parts: [{ functionCall: { id: "1", name: "f", args: { a: 1 } }, thoughtSignature: "s" }] } },
      ],
    });
    expect(last).toMatchObject({ candidates: [{ finishReason: "STOP" }] });
  });

  it("of a blocked prompt has no candidate", async () => {
    const [only, ...more] = chunksOf(await (await ask(blockedPrompt("OTHER"))).text());
    expect([only, more]).toEqual([
      { promptFeedback: { blockReason: "OTHER" }, usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } },
      [],
    ]);
  });

  it("is an array without alt=sse", async () => {
    const response = await ask(undefined, "/v1beta/models/x:streamGenerateContent");
    expect(await response.json()).toHaveLength(5);
  });
});

describe("failures", () => {
  it("have Google's shape", async () => {
    const response = await ask(failure(429, "RESOURCE_EXHAUSTED", { message: "Slow down.", details: [{ a: 1 }] }));
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({
      error: { code: 429, message: "Slow down.", status: "RESOURCE_EXHAUSTED", details: [{ a: 1 }] },
    });
  });

  it("meet who comes without a key, or asks for something else", async () => {
    expect((await ask(undefined, undefined, "")).status).toBe(403);
    expect((await ask(undefined, "/v1/models/x:generateVideo")).status).toBe(404);
  });
});
