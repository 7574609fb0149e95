import type { Clock } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { keyv, type KeyvStoreOptions } from "@parlor/keyv";
import { Keyv } from "keyv";
import { describe, expect, it, vi } from "vitest";
import { answered, many, said, streaming, window } from "./support/samples.ts";

const owner = "ada";
const key = (id: string) => ({ owner, id });

function make(clock: Clock, options: KeyvStoreOptions = {}, ttl?: number) {
  const records = new Map<string, unknown>();
  const given = new Keyv(records, ttl === undefined ? {} : { ttl });
  return { records, sessions: keyv(given, { clock, ...options }).sessions };
}

const left = (records: ReadonlyMap<string, unknown>) => [...records.keys()].filter((name) => !name.endsWith(".check"));

describe("sessions that nobody writes to", () => {
  it("are gone when their time is over, and another one may be made", async () => {
    const clock = manualClock();
    const { sessions } = make(clock, { ttlMs: 10_000.2, maxSessionsPerOwner: 2 });
    await sessions.open(key("a"), { init: { title: "Old" }, append: [said("m1")], window });
    clock.advance(6_000);
    await sessions.create(key("b"), {});
    clock.advance(4_001);
    expect(await sessions.get(key("a"))).toBeUndefined();
    expect(await sessions.messages(key("a"), { limit: 1 })).toBeUndefined();
    expect((await sessions.list(owner, { limit: 10 })).items.map(({ id }) => id)).toEqual(["b"]);
    await sessions.create(key("c"), {});
    await expect(sessions.create(key("d"), {})).rejects.toMatchObject({ code: "sessions_full" });
    expect(await sessions.stats(owner)).toEqual({ sessions: 2, messages: 0, maxSessions: 2, ttlMs: 10_001 });
    clock.advance(20_000);
    const again = await sessions.open(key("a"), { append: [said("m2")], window });
    expect([again.created, again.window, again.session.title]).toEqual([true, [], undefined]);
  });

  it("are kept while somebody writes", async () => {
    const clock = manualClock();
    const { sessions } = make(clock, { ttlMs: 10_000 });
    await sessions.create(key("a"), {});
    for (const id of ["m1", "m2", "m3"]) {
      clock.advance(9_000);
      await sessions.append(key("a"), [said(id)]);
    }
    expect((await sessions.get(key("a")))?.messageCount).toBe(3);
  });

  it("are kept a day longer while they are being answered", async () => {
    const clock = manualClock();
    const { sessions } = make(clock, { ttlMs: 10_000 });
    await sessions.open(key("a"), { append: [streaming("a1")], window });
    clock.advance(86_400_000);
    expect((await sessions.list(owner, { limit: 10 })).items.map(({ id }) => id)).toEqual(["a"]);
    clock.advance(10_001);
    expect((await sessions.list(owner, { limit: 10 })).items).toEqual([]);
  });

  it("are removed from the store by and by", async () => {
    const clock = manualClock();
    const { records, sessions } = make(clock, { ttlMs: 256_000 });
    for (let at = 0; at < 50; at++)
      await sessions.open({ owner: `o${at % 3}`, id: `s${at}` }, { append: many(0, 40), window });
    clock.advance(200_000);
    await sessions.create(key("young"), {});
    clock.advance(57_000);
    await vi.waitFor(
      async () => {
        clock.advance(1_000);
        await sessions.update(key("young"), {});
        expect(left(records).filter((name) => /\.[spmx]\./.test(name))).toHaveLength(1);
        expect(left(records).filter((name) => /\.[or]\./.test(name))).toHaveLength(2);
      },
      { timeout: 10_000, interval: 1 },
    );
    expect(await sessions.get(key("young")), "and no others").toBeDefined();
    await sessions.close();
  });

  it("live as long as the Keyv says, where nothing else is said", async () => {
    const clock = manualClock();
    const { sessions, records } = make(clock, {}, 5_000.5);
    await sessions.create(key("a"), {});
    expect(await sessions.stats(owner)).toMatchObject({ ttlMs: 5_001 });
    expect([...records.values()].join(), "all of its records together").not.toContain("expires");
    clock.advance(5_001);
    expect(await sessions.get(key("a"))).toBeUndefined();
  });
});

describe("messages beyond the bound", () => {
  it("are removed from the store with what leads to them", async () => {
    const clock = manualClock();
    const { records, sessions } = make(clock, { maxMessagesPerSession: 40 });
    for (let at = 0; at < 500; at += 10) await sessions.append(await opened(sessions), many(at, 10));
    expect((await sessions.messages(key("a"), { limit: 100 }))?.map(({ id }) => id)).toEqual(
      many(460, 40).map(({ id }) => id),
    );
    expect(left(records).length).toBeLessThan(80);
  });

  it("are new when they come again", async () => {
    const clock = manualClock();
    const { sessions } = make(clock, { maxMessagesPerSession: 60 });
    // The first page is not written again when its first messages go.
    await sessions.open(key("a"), { append: many(0, 40), window });
    await sessions.append(key("a"), many(40, 24));
    const { appended } = await sessions.open(key("a"), { append: [said("m0")], window: { ...window, last: 60 } });
    expect(appended[0]?.seq).toBe(65);
    expect((await sessions.message(key("a"), "m0"))?.seq).toBe(65);
    expect(await sessions.message(key("a"), "m1")).toBeUndefined();
  });

  it("stay found when they come again and the page they were in goes", async () => {
    const { sessions } = make(manualClock(), { maxMessagesPerSession: 60 });
    await sessions.open(key("a"), { append: many(0, 32), window });
    await sessions.append(key("a"), many(32, 30));
    await sessions.append(key("a"), [said("m0")]);
    for (let at = 62; at < 110; at += 4) await sessions.append(key("a"), many(at, 4));
    expect((await sessions.message(key("a"), "m0"))?.seq).toBe(63);
    const { appended } = await sessions.open(key("a"), { append: [said("m0")], window });
    expect(appended[0]?.seq, "and are not stored twice").toBe(63);
  });

  it("leave nothing behind when the page they were in is written again and the session is deleted", async () => {
    const { records, sessions } = make(manualClock(), { maxMessagesPerSession: 60 });
    await sessions.open(key("a"), { append: [...many(0, 20), streaming("a20")], window });
    await sessions.append(key("a"), many(21, 45));
    await sessions.append(key("a"), many(66, 1));
    expect(left(records).filter((name) => name.includes(".m.")).length).toBeGreaterThan(0);
    expect(await sessions.settle(key("a"), answered("a20"), { turn: "a20" })).toBe(true);
    await sessions.delete(key("a"));
    expect(left(records)).toEqual([]);
  });
});

async function opened(sessions: ReturnType<typeof make>["sessions"]) {
  await sessions.open(key("a"), { append: [], window });
  return key("a");
}
