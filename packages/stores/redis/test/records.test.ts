import { randomUUID } from "node:crypto";
import { createClient } from "@redis/client";
import { redis } from "@parlor/redis";
import { afterAll, describe, expect, it } from "vitest";
import { closeAll } from "./support/samples.ts";
import { deleteKeys, keysOf, sharedServer } from "./support/shared.ts";

const url = await sharedServer();
const prefix = `parlor-test-${randomUUID()}:`;

describe.skipIf(url === undefined)("records", () => {
  afterAll(() => deleteKeys(url ?? "", prefix));

  it("a kind stands under its own name; deleting that key forgets its records and nothing else", async () => {
    const storage = redis({ url: url ?? "", prefix });
    const { records } = storage;
    await records.put("admin:credentials", "admin", "1");
    await records.put("admin:credentials", "other", "1", 60_000);
    await records.put("admin:logins", "a", "1");
    expect(await keysOf(url ?? "", `${prefix}admin:credentials`)).toEqual([`${prefix}admin:credentials`]);

    const client = createClient({ url: url ?? "", RESP: 2 });
    await client.connect();
    await client.del(`${prefix}admin:credentials`);
    client.destroy();
    expect(await records.get("admin:credentials", "admin")).toBeUndefined();
    expect(await records.list("admin:credentials", { limit: 10 })).toEqual([]);
    expect(await records.get("admin:logins", "a")).toBe("1");
    expect(await records.putIfAbsent("admin:credentials", "admin", "2")).toBe(true);
    expect(await records.list("admin:credentials", { limit: 10 })).toEqual([{ id: "admin", value: "2" }]);
    await closeAll(storage);
  });
});
