import { ChatError, type ChatEngine, createChatEngine, memory } from "@parlor/core";
import { manualClock, scriptedBackend } from "@parlor/core/testing";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import { describe, expect, test, vi } from "vitest";
import { accounts, type AccountsOptions } from "../../src/accounts/index.ts";

const secret = "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa";
const password = "correct horse battery";
const good = { username: "admin", password };
const address = "address:203.0.113.7";

/** Nodes of one storage; each has seen nothing of the others' caches. */
async function nodes(count: number, options: Partial<AccountsOptions> = {}) {
  const clock = manualClock();
  const storage = memory({ clock });
  const engines = Array.from({ length: count }, () =>
    createChatEngine({ backend: scriptedBackend([]), storage, clock }),
  );
  const made = await Promise.all(
    engines.map((engine: ChatEngine) => accounts(engine, { secret, password, cost: 10, ...options })),
  );
  return { clock, storage, made };
}

const by = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "ok",
    (error: unknown) => (ChatError.isInstance(error) ? error.code : String(error)),
  );

test("a login's token says what it must and no more", async () => {
  const { made, clock } = await nodes(1, { lifetimeMs: 1_800_000 });
  const { token, ...rest } = await made[0]!.accounts.login(good, address);
  expect(rest).toEqual({ username: "admin", expiresInSeconds: 1800 });
  expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "JWT" });
  const now = clock.now() / 1000;
  expect(decodeJwt(token)).toEqual({
    sub: "account:admin",
    iss: "parlor",
    aud: "parlor:admin",
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    iat: now,
    exp: now + 1800,
  });
  expect(await made[0]!(by(token))).toEqual({
    id: "account:admin",
    name: "admin",
    admin: true,
    expiresAt: (now + 1800) * 1000,
  });
  clock.advance(1_800_000);
  expect(await made[0]!(by(token))).toBeUndefined();
});

test("T11: the first start makes one account, whose password nobody could guess", async () => {
  const { made, storage } = await nodes(3, { password: undefined as never });
  const created = made.flatMap((node) => node.created ?? []);
  expect(created).toEqual([{ username: "admin", password: expect.stringMatching(/^[\w-]{22}$/) }]);
  for (const wrong of ["admin", "admin123", "password", ""]) {
    expect(await codeOf(made[0]!.accounts.login({ ...good, password: wrong }, address))).toBe("unauthorized");
  }
  expect(await codeOf(made[0]!.accounts.login(created[0]!, address))).toBe("ok");
  const [record] = await storage.records.list("admin:credentials", { limit: 10 });
  expect(record?.value).not.toContain(created[0]!.password);
});

test("later starts change nothing; without the record the next one makes the account anew, with its conversations", async () => {
  const { made, storage, clock } = await nodes(1);
  const engine = createChatEngine({ backend: scriptedBackend([]), storage, clock });
  const again = await accounts(engine, { secret, password: "another horse", username: "root", cost: 10 });
  expect(again.created).toBeUndefined();
  expect(await codeOf(again.accounts.login(good, address))).toBe("ok");

  const { token } = await made[0]!.accounts.login(good, address);
  await storage.records.delete("admin:credentials", "admin");
  clock.advance(2_000);
  expect(await codeOf(made[0]!(by(token)))).toBe("unauthorized");
  expect(await made[0]!.accounts.info()).toBeUndefined();
  expect(await made[0]!.accounts.logins()).toEqual([]);
  const recovered = await accounts(engine, { secret, password: "another horse", username: "root", cost: 10 });
  const login = await recovered.accounts.login({ username: "root", password: "another horse" }, address);
  expect(await recovered(by(login.token))).toMatchObject({ id: "account:admin", name: "root" });
});

describe("P26: what ends a login ends it on every node", () => {
  test("logout, told by the bus", async () => {
    const { made } = await nodes(2);
    const { token } = await made[0]!.accounts.login(good, address);
    expect(await codeOf(made[1]!(by(token)))).toBe("ok");
    expect(await made[0]!.accounts.logout(by(token) as never)).toBe(true);
    for (const node of made) expect(await codeOf(node(by(token)))).toBe("unauthorized");
  });

  test("new credentials", async () => {
    const { made } = await nodes(2);
    const { token } = await made[0]!.accounts.login(good, address);
    expect(await codeOf(made[1]!(by(token)))).toBe("ok");
    await made[0]!.accounts.change({ username: "grace", password: "another horse" });
    for (const node of made) expect(await codeOf(node(by(token)))).toBe("unauthorized");
    expect(await codeOf(made[1]!.accounts.login(good, address))).toBe("unauthorized");
  });

  test("where the bus loses the notice, within a second", async () => {
    const { made, clock, storage } = await nodes(2);
    vi.spyOn(storage.bus, "publish").mockResolvedValue();
    const { token } = await made[0]!.accounts.login(good, address);
    expect(await codeOf(made[1]!(by(token)))).toBe("ok");
    await made[0]!.accounts.logout(by(token) as never);
    expect(await codeOf(made[0]!(by(token)))).toBe("unauthorized");
    expect(await codeOf(made[1]!(by(token)))).toBe("ok");
    clock.advance(2_000);
    expect(await codeOf(made[1]!(by(token)))).toBe("unauthorized");
  });

  test("a login that was under way while the credentials changed", async () => {
    const { made, storage } = await nodes(1);
    const begun = made[0]!.accounts.login(good, address);
    await storage.records.get("admin:credentials", "admin");
    const changed = made[0]!.accounts.change({ username: "admin", password: "another horse" });
    await changed;
    const outcome = await begun.then(
      ({ token }) => codeOf(made[0]!(by(token))),
      () => "unauthorized",
    );
    expect(outcome).toBe("unauthorized");
  });
});

test("logins are listed with when they were last used, until they end", async () => {
  const { made, clock } = await nodes(2);
  const [first, second] = [await made[0]!.accounts.login(good, address), await made[1]!.accounts.login(good, address)];
  clock.advance(120_000);
  await made[1]!(by(first.token));
  // Noted behind the request's back.
  await expect
    .poll(async () => (await made[0]!.accounts.logins()).map(({ lastActivity }) => lastActivity).toSorted())
    .toEqual(["2026-01-01T00:00:00.000Z", "2026-01-01T00:02:00.000Z"]);
  await made[0]!.accounts.logout(by(second.token) as never);
  expect(await made[1]!.accounts.logins()).toMatchObject([
    { username: "admin", createdAt: "2026-01-01T00:00:00.000Z" },
  ]);
  clock.advance(3_600_000);
  expect(await made[0]!.accounts.logins()).toEqual([]);
});

test("T9: a token that is not of a login here opens nothing", async () => {
  const { made, clock } = await nodes(1);
  const { token } = await made[0]!.accounts.login(good, address);
  const claims = decodeJwt(token);
  const sign = (changed: object, key = secret, alg = "HS256") =>
    new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
  expect(await codeOf(made[0]!(by(await sign({}))))).toBe("ok");
  expect(await codeOf(made[0]!(by(await sign({ jti: "made-up" }))))).toBe("unauthorized");
  for (const changed of [{ aud: "chat" }, { iss: "other" }, { exp: undefined }, { jti: undefined }, { exp: 1 }]) {
    expect(await made[0]!(by(await sign(changed)))).toBeUndefined();
  }
  expect(await made[0]!(by(await sign({}, secret.toLowerCase())))).toBeUndefined();
  expect(await made[0]!(by(await sign({}, secret, "HS512").catch(() => "")))).toBeUndefined();
  expect(clock.now()).toBeGreaterThan(0);
});

test("P28: while failed logins cannot be counted nobody logs in", async () => {
  const { made, storage } = await nodes(1);
  vi.spyOn(storage.limits, "consume").mockRejectedValue(new ChatError("store_unavailable", "Down."));
  expect(await codeOf(made[0]!.accounts.login(good, address))).toBe("store_unavailable");
});

test("T14: attempts at once are all counted before one is looked at", async () => {
  const { made, clock } = await nodes(2);
  const attempts = Array.from({ length: 30 }, (_, index) =>
    codeOf(made[index % 2]!.accounts.login({ ...good, password: "wrong" }, `address:${index}`)),
  );
  const counted = Object.groupBy(await Promise.all(attempts), (code) => code);
  expect([counted["unauthorized"]?.length, counted["rate_limited"]?.length]).toEqual([10, 20]);
  expect(await codeOf(made[0]!.accounts.login(good, address))).toBe("rate_limited");
  clock.advance(300_000);
  expect(await codeOf(made[0]!.accounts.login(good, address))).toBe("ok");
});

test("T16: a long password is no password, also without HTTP in between", async () => {
  const longest = "a".repeat(72);
  const { made } = await nodes(1, { password: longest });
  const login = (tried: string) => codeOf(made[0]!.accounts.login({ ...good, password: tried }, address));
  expect(await login(longest)).toBe("ok");
  expect(await login(`${longest}b`)).toBe("unauthorized");
  expect(await login(`${longest}\0`)).toBe("unauthorized");
  await expect(made[0]!.accounts.change({ username: "admin", password: `${longest}b` })).rejects.toThrow("72 bytes");
});

test("hashing waits in line, and a line that is too long turns people away", async () => {
  const { made } = await nodes(1, {
    limits: { perAccount: { limit: 1_000, windowMs: 1_000 }, perAddress: { limit: 1_000, windowMs: 1_000 } },
  });
  const attempts = Array.from({ length: 40 }, () =>
    codeOf(made[0]!.accounts.login({ ...good, password: "x" }, address)),
  );
  const counted = Object.groupBy(await Promise.all(attempts), (code) => code);
  expect([counted["unauthorized"]?.length, counted["rate_limited"]?.length]).toEqual([34, 6]);
});

test("T10: what cannot be is refused when it is made", async () => {
  const engine = createChatEngine({ backend: scriptedBackend([]) });
  const make = (options: Partial<AccountsOptions>) => accounts(engine, { secret, password, cost: 10, ...options });
  await expect(make({ secret: "secret" })).rejects.toThrow("32 bytes");
  await expect(make({ password: "short" })).rejects.toThrow("8 characters");
  await expect(make({ password: "a".repeat(73) })).rejects.toThrow("72 bytes");
  await expect(make({ cost: 4 })).rejects.toThrow("10, 11 or 12");
  await expect(make({ lifetimeMs: Number.NaN })).rejects.toThrow("lifetimeMs");
});
