import { randomUUID } from "node:crypto";
import type { NewMessage } from "@parlor/core";
import { redis } from "@parlor/redis";
import { createClient } from "@redis/client";
import { afterAll, describe, expect, it } from "vitest";
import { closeAll, key, said, wide } from "./support/samples.ts";
import { deleteKeys, keysOf, sharedServer } from "./support/shared.ts";

const url = await sharedServer();
const prefix = `parlor-test-${randomUUID()}:`;

describe.skipIf(url === undefined)("what an earlier release has stored", () => {
  afterAll(() => deleteKeys(url ?? "", prefix));

  it("goes on where its messages counted no media", async () => {
    const storage = redis({ url: url ?? "", prefix });
    const image: NewMessage = {
      ...said("m1"),
      parts: [{ type: "image", url: `data:image/png;base64,${"A".repeat(978)}` }],
    };
    await storage.sessions.open(key(), { append: [image, said("m2")], window: wide });
    const [messages = ""] = (await keysOf(url ?? "", prefix)).filter((name) => name.includes("m:session"));

    const client = createClient({ url: url ?? "", RESP: 2 });
    await client.connect();
    const stored = (await client.hGet(messages, "1")) ?? "";
    expect(stored.startsWith("cu1250 ")).toBe(true);
    await client.hSet(messages, "1", stored.replace("cu1250 ", "cu10 "));
    client.destroy();

    const window = { ...wide, maxCharacters: 20 };
    const opened = await storage.sessions.open(key(), { append: [], window });
    expect(opened.window.map(({ id }) => id)).toEqual(["m1", "m2"]);
    expect(opened.window[0]?.parts).toEqual(image.parts);
    await closeAll(storage);
  });
});
