import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { demoText, makeTinyGguf } from "@parlor/testkit/gguf";
import { describe, expect, it } from "vitest";
import { llama } from "../src/index.ts";
import { ask, load, path, start, user } from "./support.ts";

const signal = new AbortController().signal;

describe("closing", () => {
  it("ends what runs and what waits, refuses what comes, and may be done twice", async () => {
    const endless = await load({ endless: true }, { sequences: 1 });
    const reader = await start(endless, "hi");
    const running = (async () => {
      while (!(await reader.next()).done);
    })();
    const waiting = ask(endless, "me too");
    expect(await endless.health(signal)).toEqual({ healthy: true, loaded: true });

    const refused = Promise.allSettled([running, waiting]);
    await Promise.all([endless.close(), endless.close()]);
    await endless.close();

    for (const { status, ...result } of await refused) {
      expect(status).toBe("rejected");
      expect(result).toMatchObject({ reason: { code: "backend_unavailable" } });
    }
    await expect(ask(endless, "hello?")).rejects.toMatchObject({ code: "backend_unavailable" });
    await expect(endless.countTokens([user("hello?")])).rejects.toMatchObject({ code: "backend_unavailable" });
    expect(await endless.health(signal)).toMatchObject({ healthy: false, loaded: false });
  });

  it("leaves llama.cpp usable for the next model", async () => {
    await (await load()).close();
    expect((await ask(await load(), "hi")).text).toBe(demoText);
  });

  it("is not needed for the process to end", async () => {
    const modelPath = path("child.gguf");
    await writeFile(modelPath, makeTinyGguf({ text: "All is well." }));
    const script = `
      import { llama } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const model = await llama({ modelPath: ${JSON.stringify(modelPath)}, threads: 1 });
      const messages = [{ role: "user", parts: [{ type: "text", text: "hi" }] }];
      for await (const batch of model.generate({ messages, settings: {} }, new AbortController().signal))
        for (const event of batch) if (event.type === "text") process.stdout.write(event.text);
    `;
    await writeFile(path("child.mjs"), script);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [path("child.mjs")]);

    expect(stdout).toBe("All is well.");
    expect(stderr).toBe("");
  });
});

describe("a model that cannot be loaded", () => {
  const good = makeTinyGguf();
  const lengths = [4, 8, 20, 24, 30, 100, 1_000, 9_000, 20_000, 200_000, good.length - 1];
  const files: readonly (readonly [string, Uint8Array])[] = [
    ["an empty file", new Uint8Array()],
    ["a text", new TextEncoder().encode("MODEL ".repeat(100))],
    ["another version", Uint8Array.from([...good.subarray(0, 4), 99, 0, 0, 0, ...good.subarray(8)])],
    [
      "an unknown architecture",
      Buffer.from(Buffer.from(good).toString("latin1").replaceAll("llama", "lyama"), "latin1"),
    ],
    ...lengths.map((length) => [`only ${length} bytes of one`, good.subarray(0, length)] as const),
  ];

  it.each(files)("%s: says so in a sentence", async (_, bytes) => {
    const modelPath = path("bad.gguf");
    await writeFile(modelPath, bytes);

    await expect(llama({ modelPath, gpu: false })).rejects.toMatchObject({
      name: "ChatError",
      code: "backend_unavailable",
      message: expect.stringMatching(/^bad\.gguf .*\.$/),
    });
  });

  it("a file that is not there, a folder", async () => {
    for (const modelPath of [path("missing.gguf"), path(".")]) {
      await expect(llama({ modelPath })).rejects.toMatchObject({
        code: "backend_unavailable",
        message: expect.stringMatching(/cannot be read\.$/),
      });
    }
  });

  it("a GPU that this machine's binaries do not know", async () => {
    const modelPath = path("good.gguf");
    await writeFile(modelPath, good);
    const gpu = process.platform === "darwin" ? "cuda" : "metal";

    await expect(llama({ modelPath, gpu })).rejects.toMatchObject({
      code: "backend_unavailable",
      message: expect.stringContaining(`this machine and ${gpu} works`),
    });
  });

  it("options that make no sense", async () => {
    const modelPath = path("good.gguf");
    for (const wrong of [{ sequences: 0 }, { threads: 1.5 }, { contextSize: -1 }, { maxQueued: NaN }, { batchSize: 0 }])
      await expect(llama({ modelPath, ...wrong })).rejects.toThrow(RangeError);
  });
});
