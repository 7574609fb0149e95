import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readsOf, type Reads } from "@parlor/wire";

async function next(reads: Reads): Promise<string | undefined> {
  await reads.ready();
  return reads.take();
}

describe("a body", () => {
  it("joins the HTTP chunks of one read of the socket", async () => {
    const body = new Readable({ read() {} });
    const reads = readsOf(body);
    const first = next(reads);
    await new Promise(setImmediate);
    for (const piece of ["a", "b", "c"]) body.push(piece);
    expect(await first).toBe("abc");
    body.push(null);
    expect(await next(reads)).toBeUndefined();
  });

  it("keeps characters whole that come in pieces", async () => {
    const bytes = Buffer.from("a€😀z");
    const body = new Readable({ read() {} });
    const reads = readsOf(body);
    let text = "";
    for (let at = 0; at < bytes.length; at++) {
      const coming = next(reads);
      body.push(bytes.subarray(at, at + 1));
      text += await coming;
    }
    expect(text).toBe("a€😀z");
  });
});
