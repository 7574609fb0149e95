import { randomUUID } from "node:crypto";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { redis } from "@parlor/redis";
import { afterAll, describe, expect, it } from "vitest";
import { answered, closeAll, key, newTurn, said, streaming, textEvent, times, wide, won } from "./support/samples.ts";
import { deleteKeys, dump, keysOf, setField, sharedServer } from "./support/shared.ts";
import { until } from "./support/wait.ts";

const url = await sharedServer();

describe.skipIf(url === undefined)("what is kept, and what goes", async () => {
  if (url === undefined) return;
  const prefix = `parlor-test-${randomUUID()}:`;
  afterAll(() => deleteKeys(url, prefix));

  it("nothing of an owner who was deleted and forgotten is left", async () => {
    const storage = redis({ url, prefix: `${prefix}erase:`, ttlMs: 60_000 });
    const { sessions, turns } = storage;
    const engine = createChatEngine({ backend: scriptedBackend(() => says("Some words.")), storage });
    // No name that could be part of a random id: those are hexadecimal.
    for (const owner of ["zoltan", "yvonne"]) {
      await Promise.all(
        times(3, async (at) => {
          const session = `session of ${owner} ${at}`;
          for (const turn of times(3, (index) => `${at}-${index}`))
            await engine.send({ owner, session, message: `Message of ${owner}`, idempotencyKey: `${owner} ${turn}` });
        }),
      );
      // And what a process left behind that died.
      const left = key(`left by ${owner}`, owner);
      const claim = await won(turns, `turn of ${owner}`, left);
      await sessions.open(left, { append: [said("m1"), streaming("a1", claim.turn)], window: wide });
      await turns.append([{ claim, events: [textEvent(1, `Word of ${owner}`)] }]);
    }
    const namesOf = (owner: string) => [owner, Buffer.from(owner).toString("base64url")];
    const found = async (owner: string) => {
      const lines = await dump(url, `${prefix}erase:`);
      return lines.filter((line) => namesOf(owner).some((name) => line.includes(name)));
    };
    expect((await found("zoltan")).length).toBeGreaterThan(30);
    const others = await found("yvonne");
    expect(await sessions.deleteOwner("zoltan")).toBe(4);
    await turns.forget("zoltan");
    await until(
      () => found("zoltan"),
      (lines) => lines.length === 0,
    );
    expect(await found("yvonne"), "and nobody else lost anything").toEqual(others);
    await until(
      () => sessions.stats(),
      (stats) => stats.sessions === 4 && stats.messages === 3 * 6 + 2,
    );
    await sessions.deleteOwner("yvonne");
    await turns.forget("yvonne");
    await engine.close();
    expect((await keysOf(url, `${prefix}erase:`)).filter((name) => !name.endsWith(":totals"))).toEqual([]);
  });

  it("a session in which nothing is written goes whole, unless it is being answered; nobody has to ask for it", async () => {
    const ttlMs = 1_000;
    const storage = redis({ url, prefix: `${prefix}ttl:`, ttlMs });
    const { sessions } = storage;
    await sessions.open(key("answering"), { append: [said("m1"), streaming("a1", "t1")], window: wide });
    for (const id of times(150, (at) => `s${at}`)) await sessions.open(key(id), { append: [said("m1")], window: wide });
    await sessions.open(key("later"), { append: [said("m1")], window: wide });
    expect((await sessions.stats()).ttlMs).toBe(ttlMs);
    const names = () => keysOf(url, `${prefix}ttl:`);
    const stop = setInterval(() => void sessions.append(key("later"), [said(randomUUID())]), 100);
    await until(
      async () => (await names()).filter((name) => /:[sm]:s\d+$/.test(name)).length,
      (left) => left === 0,
    );
    clearInterval(stop);
    expect((await sessions.list("ada", { limit: 200 })).items.map(({ id }) => id)).toEqual(["later", "answering"]);
    expect(await sessions.settle(key("answering"), answered("a1", "t1"), { turn: "t1" })).toBe(true);
    await until(
      async () => (await names()).filter((name) => !name.endsWith(":totals")),
      (left) => left.length === 0,
    );
    expect(await sessions.stats()).toMatchObject({ sessions: 0, messages: 0 });
    await closeAll(storage);
  });

  it("an answer that nobody will ever settle keeps its session a day longer, and no more", async () => {
    const storage = redis({ url, prefix: `${prefix}day:`, ttlMs: 300 });
    const { sessions } = storage;
    await sessions.open(key(), { append: [streaming("a1", "t1")], window: wide });
    const [name = ""] = (await keysOf(url, `${prefix}day:`)).filter((one) => one.includes(":s:"));
    const { updatedAt = "" } = (await sessions.get(key())) ?? {};
    const day = 86_400_000;
    await setField(url, name, "updated", Date.parse(updatedAt) - day + 60_000);
    expect(await sessions.get(key())).toBeDefined();
    await setField(url, name, "updated", Date.parse(updatedAt) - day - 301);
    expect(await sessions.get(key())).toBeUndefined();
    await closeAll(storage);
  });

  it("a session whose time is over is gone for everybody at once, before it is removed", async () => {
    const storage = redis({ url, prefix: `${prefix}over:`, ttlMs: 300 });
    const { sessions } = storage;
    await sessions.open(key(), { append: [said("m1")], window: wide });
    await until(
      () => sessions.get(key()),
      (session) => session === undefined,
    );
    expect(await sessions.messages(key(), { limit: 1 })).toBeUndefined();
    expect((await sessions.list("ada", { limit: 1 })).items).toEqual([]);
    const opened = await sessions.open(key(), { append: [said("m1", "Anew")], window: wide });
    expect([opened.created, opened.session.messageCount, opened.window]).toEqual([true, 1, []]);
    await closeAll(storage);
  });

  it("logs, turns and idempotency keys go by themselves", async () => {
    const storage = redis({ url, prefix: `${prefix}logs:`, logMs: 200, idempotencyMs: 400 });
    const { turns } = storage;
    for (const id of times(20, (at) => `t${at}`)) {
      const idempotency = { key: id, kind: "chat", bodyHash: "h" };
      const result = await turns.claim(key(), newTurn(id), { leaseMs: 60_000, idempotency });
      const claim = result.kind === "won" ? result.claim : expect.fail(result.kind);
      await turns.append([{ claim, events: [textEvent(1)] }]);
      await turns.end(claim, { status: "complete" });
      await turns.settled(key(), id);
    }
    await until(
      () => keysOf(url, `${prefix}logs:`),
      (names) => names.length === 0,
    );
    await closeAll(storage);
  });
});
