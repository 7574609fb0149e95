import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { failure, fakeOpenAI, reasoning, repliesOf, text, toolCall } from "@parlor/testkit/openai";
import type { FakeOpenAI, FakeOpenAIOptions, FakeReply } from "@parlor/testkit/openai";

const fakes: FakeOpenAI[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

async function start(options?: FakeOpenAIOptions): Promise<FakeOpenAI> {
  const fake = await fakeOpenAI(options);
  fakes.push(fake);
  return fake;
}

function ask(url: string, body: object = { model: "m", stream: true }, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}/chat/completions`, { method: "POST", body: JSON.stringify(body), ...init });
}

async function streamed(reply: FakeReply, body?: object): Promise<string> {
  const { url } = await start({ reply });
  return (await ask(url, body)).text();
}

const bytes = async (reply: FakeReply): Promise<Buffer> => {
  const { url } = await start({ reply });
  return Buffer.from(await (await ask(url)).arrayBuffer());
};

const jsonOf = (stream: string): unknown[] =>
  stream
    .split("\n\n")
    .filter((record) => record.startsWith("data: {"))
    .map((record) => JSON.parse(record.slice(6)) as unknown);

describe("the stream", () => {
  it("has the role first, finish_reason in its own chunk, usage after it and [DONE] last", async () => {
    const stream = await streamed(
      { steps: text("Hel", "lo") },
      { model: "m", stream: true, stream_options: { include_usage: true } },
    );
    expect(stream.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(jsonOf(stream)).toMatchObject([
      {
        object: "chat.completion.chunk",
        model: "m",
        usage: null,
        choices: [{ delta: { role: "assistant", content: "" } }],
      },
      { choices: [{ delta: { content: "Hel" }, finish_reason: null }] },
      { choices: [{ delta: { content: "lo" }, finish_reason: null }] },
      { choices: [{ delta: {}, finish_reason: "stop" }], usage: null },
      { choices: [], usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 } },
    ]);
  });

  it("has no usage unless asked, and Groq's in the finishing chunk", async () => {
    const stream = await streamed({ steps: text("a"), usageIn: "x_groq" });
    expect(jsonOf(stream).at(-1)).toMatchObject({
      choices: [{ finish_reason: "stop" }],
      x_groq: { usage: { completion_tokens: 1 } },
    });
    expect(await streamed({ steps: text("a") })).not.toContain("usage");
  });

  it("carries reasoning in each of the ways providers have", async () => {
    const of = async (carrier: Parameters<typeof reasoning>[0]) =>
      jsonOf(await streamed({ steps: reasoning(carrier, "a", "b") }))
        .slice(1, -1)
        .map((chunk) => (chunk as { choices: { delta: unknown }[] }).choices[0]?.delta);
    expect(await of("reasoning_content")).toEqual([{ reasoning_content: "a" }, { reasoning_content: "b" }]);
    expect(await of("reasoning")).toEqual([{ reasoning: "a" }, { reasoning: "b" }]);
    expect(await of("reasoning_details_cumulative")).toEqual([
      { reasoning_details: [{ text: "a" }] },
      { reasoning_details: [{ text: "ab" }] },
    ]);
    expect(await of("think")).toEqual(["<think>", "a", "b", "</think>"].map((content) => ({ content })));
  });

  it("ends without a word when told to", async () => {
    const stream = await streamed({ steps: text("a"), finish: null, done: false });
    expect(stream).not.toContain("[DONE]");
    expect(stream).not.toContain('"stop"');
  });

  it("sends in-band errors, comments and anything else between", async () => {
    const stream = await streamed({
      steps: [{ comment: "ping" }, { json: { error: { code: 1 } }, event: "error" }, { data: "{" }, { raw: "x\n" }],
    });
    expect(stream).toContain(': ping\n\nevent: error\ndata: {"error":{"code":1}}\n\ndata: {\n\nx\n');
  });
});

describe("the wire", () => {
  it("ends lines and starts with a byte order mark as told", async () => {
    const stream = await bytes({ steps: text("a"), wire: { lineEnd: "\r\n", bom: true } });
    expect(stream.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(stream.toString().replaceAll("\r\n", "")).not.toContain("\n");
  });

  it("splits without changing a byte", async () => {
    const whole = await bytes({ steps: text("ä€😀") });
    expect(await bytes({ steps: text("ä€😀"), wire: { split: 1 } })).toEqual(whole);
    expect(await bytes({ steps: text("ä€😀"), wire: { split: [3, 99] } })).toEqual(whole);
    expect(await bytes({ steps: text("ä€😀"), wire: { perWrite: 1 } })).toEqual(whole);
  });

  it("cuts where told: a good end, FIN, RST", async () => {
    const whole = await bytes({ steps: text("abc") });
    expect(await bytes({ steps: text("abc"), wire: { cut: { at: 30, how: "end" } } })).toEqual(whole.subarray(0, 30));
    for (const how of ["fin", "reset"] as const) {
      await expect(bytes({ steps: text("abc"), wire: { cut: { at: 30, how } } })).rejects.toThrow("terminated");
    }
  });

  it("changes the byte it was told to", async () => {
    const [whole, other] = [await bytes({ steps: text("a") }), await bytes({ steps: text("a"), wire: { corrupt: 9 } })];
    expect([...whole].filter((byte, index) => byte !== other[index])).toHaveLength(1);
  });

  it("stalls until the client goes, and says that it went", async () => {
    const { url, request } = await start({ reply: { steps: text("a"), wire: { cut: { at: 10, how: "stall" } } } });
    const client = new AbortController();
    const { body } = await ask(url, undefined, { signal: client.signal });
    const first = await body?.getReader().read();
    expect(first?.value).toHaveLength(10);
    client.abort();
    expect(await (await request(0)).closed).toBe("aborted");
  });

  it("goes on for ever when told to", async () => {
    const { url, request } = await start({ reply: { wire: { endless: "x" } } });
    const client = new AbortController();
    const reader = (await ask(url, undefined, { signal: client.signal })).body?.getReader();
    let read = 0;
    while (read < 1_000_000) read += (await reader?.read())?.value?.length ?? 0;
    client.abort();
    expect(await (await request(0)).closed).toBe("aborted");
  });

  it("serves many small tokens, some a write", async () => {
    const stream = await streamed(repliesOf(100, 32));
    expect(stream.match(/tok\d+/g)).toHaveLength(100);
  });
});

describe("the rest of the protocol", () => {
  it("answers in one piece when not asked to stream", async () => {
    const { url } = await start({
      reply: {
        steps: [...reasoning("reasoning", "hm"), ...text("a", "b"), ...toolCall(0, "c1", "add", '{"x"', ":1}")],
      },
    });
    expect(await (await ask(url, { model: "m" })).json()).toMatchObject({
      object: "chat.completion",
      choices: [
        {
          message: {
            content: "ab",
            reasoning: "hm",
            tool_calls: [{ id: "c1", function: { name: "add", arguments: '{"x":1}' } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { completion_tokens: 6 },
    });
  });

  it("fails as told, reply by reply, and records what it was asked", async () => {
    const { url, next, requests } = await start();
    next(failure(429, { type: "rate_limit" }, { "retry-after": "3" }), { status: 500, body: "<html>", headers: {} });
    const limited = await ask(url, { model: "first" });
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await limited.json()).toMatchObject({ error: { type: "rate_limit", code: null } });
    expect(await (await ask(url, { model: "second" })).text()).toBe("<html>");
    expect((await ask(url, { model: "third" }, { body: "{" })).status).toBe(400);
    expect(requests.map((request) => request.body?.model)).toEqual(["first", "second", undefined]);
    expect(await requests[0]?.closed).toBe("complete");
  });

  it("lists models and knows no other path", async () => {
    const { url } = await start({ models: ["a", "b/c"] });
    expect(await (await fetch(`${url}/models`)).json()).toMatchObject({
      object: "list",
      data: [{ id: "a" }, { id: "b/c" }],
    });
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  it("counts connections and tells when none is open", async () => {
    const { url, connections, quiet } = await start();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.end("GET /v1/models HTTP/1.1\r\nhost: fake\r\nconnection: close\r\n\r\n").resume();
    await once(socket, "close");
    await quiet();
    expect(connections).toEqual({ opened: 1, open: 0 });
  });
});
