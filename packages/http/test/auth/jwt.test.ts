import { createServer } from "node:http";
import { manualClock } from "@parlor/core/testing";
import { listen } from "@parlor/testkit/http";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { jwt } from "../../src/index.ts";
import { world } from "../world.ts";

const secret = "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa";
const clock = manualClock();
const now = clock.now() / 1000;
const issuer = "https://id.example";
const audience = "chat";
const good = { sub: "ada", iss: issuer, aud: audience, iat: now, exp: now + 300 };

const rsa = await generateKeyPair("RS256", { extractable: true });
const ec = await generateKeyPair("ES256");
const stranger = await generateKeyPair("RS256");
const keys = [
  { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256" },
  { ...(await exportJWK(ec.publicKey)), kid: "ec", alg: "ES256" },
];
let fetched = 0;
const published = await listen((_, response) => {
  fetched += 1;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ keys }));
});
afterAll(published.close);

const bySecret = jwt({ secret, issuer, audience, clock });
const byKeys = jwt({ jwks: published.url, issuer, audience, clock });

const hmac = (claims: JWTPayload, key = secret, alg = "HS256") =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
const signed = (claims: JWTPayload, kid = "rsa", key = kid === "ec" ? ec.privateKey : rsa.privateKey) =>
  new SignJWT(claims).setProtectedHeader({ alg: kid === "ec" ? "ES256" : "RS256", kid }).sign(key);

async function status(auth: ReturnType<typeof jwt>, token: string): Promise<number | undefined> {
  const { send } = world({ auth }, undefined, { clock });
  return (await send("GET", "/sessions", { authorization: `Bearer ${token}` }))?.status;
}

test("good tokens: a secret, RSA and elliptic curves by a published key set that is fetched once", async () => {
  expect(await status(bySecret, await hmac(good))).toBe(200);
  expect(await status(byKeys, await signed(good))).toBe(200);
  expect(await status(byKeys, await signed({ ...good, aud: ["other", audience] }, "ec"))).toBe(200);
  expect(fetched).toBe(1);
});

describe("T9: forged and foreign tokens are 401", () => {
  const { exp: _, ...endless } = good;
  test.each([
    ["no algorithm", () => Promise.resolve(new UnsecuredJWT(good).encode())],
    ["no expiry", () => hmac(endless)],
    ["expired", () => hmac({ ...good, exp: now - 6 })],
    ["not yet", () => hmac({ ...good, nbf: now + 6 })],
    ["another audience", () => hmac({ ...good, aud: "shop" })],
    ["another issuer", () => hmac({ ...good, iss: "https://id.example.evil" })],
    ["another secret", () => hmac(good, "x8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa")],
    ["another algorithm of the family", () => hmac(good, secret.repeat(2), "HS512")],
    ["no subject", () => hmac({ ...good, sub: undefined as never })],
    ["a subject that is no text", () => hmac({ ...good, sub: 7 as never })],
    ["a subject that is too long", () => hmac({ ...good, sub: "x".repeat(257) })],
    ["an expiry that is no number", () => hmac({ ...good, exp: "never" as never })],
    ["a changed payload", async () => (await hmac(good)).replace(/\.(.)/, ".Z")],
    ["half a token", async () => (await hmac(good)).slice(0, 40)],
    ["no token", () => Promise.resolve("a.b.c")],
  ])("%s", async (_name, token) => {
    expect(await status(bySecret, await token())).toBe(401);
  });

  test("the public key as a secret", async () => {
    const spki = await exportSPKI(rsa.publicKey);
    expect(await status(byKeys, await hmac(good, spki))).toBe(401);
    expect(await status(byKeys, await hmac(good, JSON.stringify(keys[0])))).toBe(401);
    expect(await status(byKeys, await hmac(good, keys[0]?.n))).toBe(401);
  });

  test("a stranger's key, under our name, by its own address, or in the token itself", async () => {
    const jwk = await exportJWK(stranger.publicKey);
    let asked = false;
    const evil = await listen((_, response) => {
      asked = true;
      response.end(JSON.stringify({ keys: [{ ...jwk, kid: "rsa" }] }));
    });
    onTestFinished(evil.close);
    expect(await status(byKeys, await signed(good, "rsa", stranger.privateKey))).toBe(401);
    for (const extra of [{ jku: evil.url }, { x5u: evil.url }, { jwk }, { kid: evil.url }, { kid: "../../key" }]) {
      const token = new SignJWT(good).setProtectedHeader({ alg: "RS256", kid: "rsa", ...extra });
      expect(await status(byKeys, await token.sign(stranger.privateKey))).toBe(401);
    }
    expect(asked).toBe(false);
  });
});

test("a key set that is away is a 503, not a 401", async () => {
  const away = await listen(() => {});
  await away.close();
  const auth = jwt({ jwks: away.url, issuer, audience, clock });
  expect(await status(auth, await signed(good))).toBe(503);
  const broken = createServer((_, response) => response.writeHead(302, { location: published.url }).end());
  const redirecting = await listen((...both) => broken.emit("request", ...both));
  onTestFinished(redirecting.close);
  expect(await status(jwt({ jwks: redirecting.url, issuer, audience, clock }), await signed(good))).toBe(503);
  expect(await status(auth, "not-a-jwt")).toBe(401);
});

test("what a token says of its owner; its expiry holds for the principal too", async () => {
  const request = { headers: { authorization: `Bearer ${await hmac({ ...good, name: "Ada", role: "admin" })}` } };
  expect(await bySecret(request as never)).toEqual({ id: "ada", name: "Ada", expiresAt: (now + 300) * 1000 });
  const byRole = jwt({
    secret,
    clock,
    principal: ({ sub = "", role }) => (role === "banned" ? undefined : { id: `u:${sub}`, admin: role === "admin" }),
  });
  expect(await byRole(request as never)).toMatchObject({ id: "u:ada", admin: true });
  expect(await status(byRole, await hmac({ ...good, role: "banned" }))).toBe(401);
});

test("what cannot be is refused when it is made", () => {
  expect(() => jwt({ secret: "short" })).toThrow("32 bytes");
  expect(() => jwt({ secret, algorithms: ["HS512"] })).toThrow("64 bytes");
  expect(() => jwt({ secret, algorithms: ["none" as never] })).toThrow(TypeError);
  expect(() => jwt({ secret, algorithms: ["RS256" as never] })).toThrow(TypeError);
  const jwks = { keys };
  expect(() => jwt({ jwks, issuer, audience, algorithms: ["HS256" as never] })).toThrow(TypeError);
  expect(() => jwt({ jwks, issuer: "", audience })).toThrow("issuer");
  expect(() => jwt({ jwks: "no address", issuer, audience })).toThrow(TypeError);
});
