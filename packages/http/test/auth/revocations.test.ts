import { createChatEngine, memory } from "@parlor/core";
import { manualClock, scriptedBackend } from "@parlor/core/testing";
import { SignJWT } from "jose";
import { expect, test, vi } from "vitest";
import { jwt, revocations } from "../../src/index.ts";
import { world } from "../world.ts";

const secret = "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa";

test("a revoked token is dead on every node, until it would have been anyway", async () => {
  const clock = manualClock();
  const storage = memory({ clock });
  const engine = createChatEngine({ backend: scriptedBackend([]), storage, clock });
  const [here, there] = [revocations(engine), revocations(engine)];
  const { send } = world({ auth: jwt({ secret, clock, revocations: there }) }, undefined, { clock });
  const exp = clock.now() / 1000 + 300;
  const sign = (claims: object) =>
    new SignJWT({ sub: "ada", exp, ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(secret));
  const status = async (claims: object) =>
    (await send("GET", "/sessions", { authorization: `Bearer ${await sign(claims)}` }))?.status;

  expect(await status({ jti: "one" })).toBe(200);
  expect(await status({ jti: "two" })).toBe(200);
  expect(await status({})).toBe(401);
  await here.revoke("one", exp * 1000);
  expect(await status({ jti: "one" })).toBe(401);
  expect(await status({ jti: "two" })).toBe(200);
  expect(await storage.records.list("tokens:revoked", { limit: 10 })).toHaveLength(1);
  clock.advance(300_000);
  expect(await storage.records.list("tokens:revoked", { limit: 10 })).toEqual([]);
  await here.revoke("one", exp * 1000);
  await expect(here.revoke("", exp * 1000)).rejects.toMatchObject({ code: "invalid_request" });
});

test("many requests at once read a record once; what changes meanwhile is not kept", async () => {
  const clock = manualClock();
  const storage = memory({ clock });
  const gate = Promise.withResolvers<void>();
  const read = storage.records.get.bind(storage.records);
  const reads = vi.spyOn(storage.records, "get").mockImplementation(async (...record) => {
    const value = await read(...record);
    await gate.promise;
    return value;
  });
  const list = revocations({ storage, clock });
  const asked = Array.from({ length: 20 }, () => list.isRevoked("one"));
  await list.revoke("one", clock.now() + 60_000);
  gate.resolve();
  expect(new Set(await Promise.all(asked))).toEqual(new Set([false]));
  expect(reads).toHaveBeenCalledTimes(1);
  expect(await list.isRevoked("one")).toBe(true);
  expect(await list.isRevoked("one")).toBe(true);
  expect(reads).toHaveBeenCalledTimes(2);
});
