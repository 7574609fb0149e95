import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTinyGguf, writeTinyGguf } from "../src/gguf/index.ts";
import { toPieces } from "../src/gguf/pieces.ts";

describe("makeTinyGguf", () => {
  it("makes the same small GGUF file every time", () => {
    const file = makeTinyGguf();
    const view = new DataView(file.buffer);

    expect(new TextDecoder().decode(file.subarray(0, 4))).toBe("GGUF");
    expect(view.getUint32(4, true)).toBe(3);
    expect(view.getBigUint64(8, true)).toBe(12n);
    expect(file.length).toBeLessThan(1_000_000);
    expect(Buffer.from(makeTinyGguf()).equals(Buffer.from(file))).toBe(true);
  });

  it("refuses a topic that an answer holds", () => {
    expect(() => makeTinyGguf({ answers: { cat: "A cat purrs." } })).toThrow("topic");
    expect(() => makeTinyGguf({ text: "No cat here.", answers: { cat: "It purrs." } })).toThrow("topic");
    expect(() => makeTinyGguf({ answers: { "": "It purrs." } })).toThrow("topic");
  });
});

describe("toPieces", () => {
  const cut = (text: string) => toPieces(text, new Set());

  it.each([
    ["words keep their leading space", "To be sure", ["To", " be", " sure"]],
    ["a word that was there takes the next one along", "a b c a b d", ["a", " b", " c", " a", " b d"]],
    ["a repeated end joins what comes before", "go on go on", ["go", " on", " go on"]],
    ["whitespace at the end stays", "one two \n", ["one", " two \n"]],
    ["thought marks stand alone", "<think>Hm.</think>Yes", ["<think>", "Hm.", "</think>", "Yes"]],
    ["nothing", "", []],
    ["only whitespace", " \n", [" \n"]],
  ])("%s", (_, text, pieces) => {
    expect(cut(text)).toEqual(pieces);
  });

  it("never makes the same piece twice and loses nothing", () => {
    const text = "again ".repeat(100);
    const pieces = cut(text);

    expect(pieces.join("")).toBe(text);
    expect(new Set(pieces).size).toBe(pieces.length);
  });

  it("refuses a text that is nothing but a piece that exists", () => {
    expect(() => toPieces("<s>", new Set(["<s>"]))).toThrow("repeats");
  });
});

describe("writeTinyGguf", () => {
  it("replaces the file in one step and leaves nothing else behind", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tiny-gguf-"));
    const path = join(folder, "model.gguf");

    await Promise.all([writeTinyGguf(path), writeTinyGguf(path), writeTinyGguf(path)]);

    expect(await readdir(folder)).toEqual(["model.gguf"]);
    expect((await readFile(path)).equals(makeTinyGguf())).toBe(true);
  });

  it("cleans up when it cannot write", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tiny-gguf-"));

    await expect(writeTinyGguf(folder)).rejects.toThrow("rename");

    expect(await readdir(join(folder, ".."))).not.toContainEqual(expect.stringMatching(/^tiny-gguf-.*\.tmp$/));
  });
});
