import { expect, test, vi } from "vitest";
import type { NewMessage, Part } from "../../src/index.ts";
import { says } from "../../src/testing/index.ts";
import { ada, key, world } from "./harness.ts";

const mebi = 1_048_576;
const image = (length: number): Part => ({ type: "image", url: "data:image/png;base64,".padEnd(length, "A") });

/** A session's past in which every question has these parts. */
const past = (...asked: readonly (readonly Part[])[]): NewMessage[] =>
  asked.flatMap((parts, at) => [
    { id: `q${at}`, role: "user", parts, createdAt: "2026-01-01T00:00:00.000Z", status: "complete" } as const,
    {
      id: `a${at}`,
      role: "assistant",
      parts: [{ type: "text", text: "I see." }],
      createdAt: "2026-01-01T00:00:00.000Z",
      status: "complete",
    } as const,
  ]);

/** What the model is sent after such a past. */
async function sent(messages: readonly NewMessage[], contextWindow: number, characters = Infinity) {
  const info = { contextWindow, capabilities: ["streaming", "multi-turn", "images"] } as const;
  const { engine, backend, storage } = world(says("ok"), { window: { characters } }, { info });
  await storage.sessions.create(key, {});
  await storage.sessions.append(key, messages);
  await engine.send({ ...ada, message: "And now?" });
  return (backend.calls[0]?.request.messages ?? []).flatMap(({ parts }) => parts);
}

const lengthOf = (parts: readonly Part[]) =>
  parts.reduce((sum, part) => sum + ("url" in part ? part.url.length : 0), 0);

test.for([
  [8_192, 4],
  [200_000, 7],
  [2_000_000, 16],
] as const)(
  "T44: a session full of large images costs a model of %i tokens no more than %i MiB a turn",
  async ([contextWindow, most]) => {
    const parts = await sent(past(...Array.from({ length: 25 }, () => [image(mebi)])), contextWindow);
    expect(lengthOf(parts)).toBeLessThanOrEqual(most * mebi);
    expect(parts.at(-1)).toEqual({ type: "text", text: "And now?" });
  },
);

test("for a model that takes no media only so much text is loaded as could fit", async () => {
  const info = { contextWindow: 1_000, capabilities: ["streaming", "multi-turn"] } as const;
  const { engine, storage } = world(says("ok"), {}, { info });
  const open = vi.spyOn(storage.sessions, "open");
  await engine.send({ ...ada, message: "Hello" });
  expect(open.mock.calls[0]?.[1].window.maxCharacters).toBe(8_000);
});

test("a few images leave the text before them in the prompt, also of a small model and a small window", async () => {
  const start: Part = { type: "text", text: "My name is Ada." };
  const picture = image(300_000);
  for (const characters of [Infinity, 100]) {
    const parts = await sent(past([start], [picture], [picture], [picture]), 8_192, characters);
    expect(parts[0]).toEqual(start);
    expect(lengthOf(parts)).toBe(900_000);
  }
});

test("a prompt of many images is cut before the provider refuses it", async () => {
  const parts = await sent(past(...Array.from({ length: 25 }, () => [image(1_000)])), 20_000);
  const images = parts.filter(({ type }) => type === "image");
  expect(images.length).toBeGreaterThan(5);
  expect(images.length * 1_600).toBeLessThan(20_000);
});

test("a file of text that the model cannot read whole is refused before it is stored", async () => {
  const info = { contextWindow: 100_000, capabilities: ["files"] } as const;
  const { engine, backend } = world(says("ok"), {}, { info });
  const file: Part = { type: "file", url: "data:text/plain;base64,".padEnd(mebi, "A") };
  await expect(engine.send({ ...ada, message: [file] })).rejects.toMatchObject({ code: "context_too_long" });
  expect(await engine.sessions.get(key)).toBeUndefined();
  expect(backend.calls).toEqual([]);
});
