import { makeTinyGguf, writeTinyGguf } from "@parlor/testkit/gguf";
import { readGgufFileInfo } from "node-llama-cpp";
import { describe, expect, it } from "vitest";
import { ask, load, path } from "./support.ts";

describe("a tiny GGUF", () => {
  it("is what the library's own reader expects", async () => {
    const file = path("tiny.gguf");
    await writeTinyGguf(file, { name: "tiny", contextLength: 2_048 });
    const info = await readGgufFileInfo(file);

    expect(info.version).toBe(3);
    expect(info.metadata.general).toMatchObject({ architecture: "llama", name: "tiny" });
    expect(info.architectureMetadata).toMatchObject({ context_length: 2_048, block_count: 1 });
    expect(info.metadata.tokenizer.chat_template).toContain("<|im_start|>");
    expect(info.fullTensorInfo?.map(({ name }) => name)).toContain("output.weight");
    expect(info.metadataSize + (info.tensorInfoSize ?? 0)).toBeLessThan(makeTinyGguf().length);
  });

  it("says a long text with repeated words, and text of every kind", async () => {
    const text = `${"so it is, and so it was, ".repeat(12)}\n\n你好 🦙 {"json": [1, 2]} \`\`\`ts\nconst a = 1;\n\`\`\`  the end \n`;
    const model = await load({ text });

    expect((await ask(model, "hi", { temperature: 2 })).text).toBe(text);
  });
});
