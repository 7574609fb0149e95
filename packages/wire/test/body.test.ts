import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readsOf } from "@parlor/wire";

describe("a body", () => {
  it("joins the HTTP chunks of one read of the socket", async () => {
    const body = new Readable({ read() {} });
    const reads = readsOf(body);
    const first = reads.next();
    await new Promise(setImmediate);
    for (const piece of ["a", "b", "c"]) body.push(piece);
    expect(await first).toBe("abc");
    body.push(null);
    expect(await reads.next()).toBeUndefined();
  });
});
