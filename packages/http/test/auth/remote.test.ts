import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { IncomingMessage, ServerResponse } from "node:http";
import { manualClock } from "@parlor/core/testing";
import { listen } from "@parlor/testkit/http";
import { UnsecuredJWT } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { remote, type RemoteOptions } from "../../src/index.ts";
import { world } from "../world.ts";

type Answer = (token: string, response: ServerResponse, request: IncomingMessage) => void;

const knows: Answer = (token, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(token.startsWith("good") ? { valid: true, user_id: token } : { valid: false }));
};

/** A validator, and a site that asks it. */
async function scene(answer: Answer = knows, options: Partial<RemoteOptions> = {}) {
  const clock = manualClock();
  const calls: { readonly token: string; readonly url: string | undefined; readonly key: unknown }[] = [];
  const service = await listen((request, response) => {
    void text(request).then((body) => {
      const { token } = JSON.parse(body) as { token: string };
      calls.push({ token, url: request.url, key: request.headers["x-internal-api-key"] });
      answer(token, response, request);
    });
  });
  onTestFinished(service.close);
  const auth = remote({ url: service.url, internalKey: "internal-key", clock, ...options });
  const { send } = world({ auth }, undefined, { clock });
  const status = async (token: string) =>
    (await send("GET", "/sessions", { authorization: `Bearer ${token}` }))?.status;
  return { auth, clock, calls, status, service };
}

test("asks as documented, and once for as long as the answer holds", async () => {
  const { status, calls, clock, service } = await scene();
  expect(await status("good-1")).toBe(200);
  expect(await status("good-1")).toBe(200);
  expect(calls).toEqual([{ token: "good-1", url: "/auth/validate", key: "internal-key" }]);
  clock.advance(299_999);
  await status("good-1");
  expect(calls).toHaveLength(1);
  clock.advance(1);
  await status("good-1");
  expect(calls).toHaveLength(2);
  const below = remote({ url: `${service.url}/users/`, internalKey: "k" });
  await below({ headers: { "x-api-key": "good" } } as never);
  expect(calls.at(-1)?.url).toBe("/users/auth/validate");
});

test("T8, P27: a token with the same beginning as a known one is asked for itself", async () => {
  const { status, calls } = await scene((token, response) =>
    knows(token === `good${"x".repeat(60)}` ? token : "bad", response, undefined as never),
  );
  expect(await status(`good${"x".repeat(60)}`)).toBe(200);
  expect(await status(`good${"x".repeat(61)}`)).toBe(401);
  expect(await status(`good${"x".repeat(59)}`)).toBe(401);
  expect(calls).toHaveLength(3);
});

test("P27: many first uses at once are one call", async () => {
  const { status, calls } = await scene();
  const all = await Promise.all(Array.from({ length: 50 }, () => status("good-1")));
  expect(new Set(all)).toEqual(new Set([200]));
  expect(calls).toHaveLength(1);
});

test("P27: a refusal is remembered for a short while only", async () => {
  const { status, calls, clock } = await scene();
  expect(await status("bad")).toBe(401);
  expect(await status("bad")).toBe(401);
  expect(calls).toHaveLength(1);
  clock.advance(10_000);
  await status("bad");
  expect(calls).toHaveLength(2);
});

test("P27: an answer never outlives the token, whoever says when that ends", async () => {
  const told = await scene((_, response) => response.end(JSON.stringify({ user_id: 7, exp: 1_767_225_610 })));
  // The manual clock starts at 1,767,225,600 s.
  expect(await told.status("opaque")).toBe(200);
  told.clock.advance(10_000);
  expect(await told.status("opaque")).toBe(401);

  const own = await scene((_, response) => response.end(JSON.stringify({ user_id: "ada" })));
  const token = new UnsecuredJWT({ exp: 1_767_225_620 }).encode();
  expect(await own.status(token)).toBe(200);
  own.clock.advance(19_999);
  expect(await own.status(token)).toBe(200);
  expect(own.calls).toHaveLength(1);
  own.clock.advance(1);
  expect(await own.status(token)).toBe(401);
});

test("made-up tokens push out nobody who is known, and memory stays bounded", async () => {
  const { auth, calls } = await scene();
  const ask = async (token: string) => auth({ headers: { authorization: `Bearer ${token}` } } as never);
  await ask("good-1");
  for (let batch = 0; batch < 60; batch += 1) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(`bad-${batch}-${index}`)));
  }
  const before = calls.length;
  expect(await ask("good-1")).toMatchObject({ id: "good-1" });
  expect(calls).toHaveLength(before);
  await ask("bad-0-0");
  expect(calls).toHaveLength(before + 1);
});

test("who is known, by name, as an admin, or by a mapping of one's own", async () => {
  const { auth } = await scene((_, response) =>
    response.end(JSON.stringify({ valid: true, user_id: 7, username: "Ada", is_admin: true })),
  );
  const request = { headers: { authorization: "Bearer x" } } as never;
  expect(await auth(request)).toEqual({ id: "7", name: "Ada", admin: true });
  const mapped = await scene((_, response) => response.end(JSON.stringify({ user: { uid: "u1" } })), {
    principal: ({ user }) => ({ id: (user as { uid: string }).uid }),
  });
  expect(await mapped.auth(request)).toEqual({ id: "u1" });
});

test.each<readonly [string, number, Answer]>([
  ["401", 401, (_, response) => response.writeHead(401).end()],
  ["403", 401, (_, response) => response.writeHead(403).end("{}")],
  ["422", 401, (_, response) => response.writeHead(422).end()],
  ["404", 503, (_, response) => response.writeHead(404).end()],
  ["500", 503, (_, response) => response.writeHead(500).end("canary")],
  ["a redirect", 503, (_, response) => response.writeHead(307, { location: "http://127.0.0.1:1/" }).end()],
  ["HTML", 503, (_, response) => response.end("<html>canary</html>")],
  ["a JSON text", 503, (_, response) => response.end('"yes"')],
  ["nobody's id", 503, (_, response) => response.end('{"valid":true}')],
  ["an answer without end", 503, (_, response) => response.end(`{"user_id":"${"x".repeat(70_000)}"}`)],
  ["a broken connection", 503, (_, response) => response.destroy()],
])("a validator that answers %s: %i", async (_name, expected, answer) => {
  const { status } = await scene(answer);
  expect(await status("good")).toBe(expected);
});

test("P27: a validator that is down or silent is a 503 with Retry-After that tells nothing", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  connect(port, "127.0.0.1").destroy();
  for (const url of [`http://127.0.0.1:${port}`, "http://127.0.0.1:1"]) {
    const { send } = world({ auth: remote({ url, internalKey: "canary-key", timeoutMs: 50 }) });
    const response = await send("GET", "/sessions", { authorization: "Bearer canary-token" });
    expect(response?.status).toBe(503);
    expect(response?.headers.get("retry-after")).toBe("1");
    const body = await response?.text();
    expect(body).toContain("auth_unavailable");
    expect(body).not.toContain("canary");
  }
});

test("it is never asked more than so much at once", async () => {
  const waiting: ServerResponse[] = [];
  const gate = Promise.withResolvers<void>();
  const { status, calls } = await scene((token, response) => {
    waiting.push(response);
    void gate.promise.then(() => knows(token, response, undefined as never));
  });
  const all = Array.from({ length: 70 }, (_, index) => status(`good-${index}`));
  await expect.poll(() => calls.length).toBe(64);
  gate.resolve();
  const counted = Object.groupBy(await Promise.all(all), String);
  expect([counted["200"]?.length, counted["503"]?.length]).toEqual([64, 6]);
});

test("what cannot be is refused when it is made", () => {
  expect(() => remote({ url: "nowhere", internalKey: "k" })).toThrow(TypeError);
  expect(() => remote({ url: "http://user:pass@auth", internalKey: "k" })).toThrow("without credentials");
  expect(() => remote({ url: "http://auth", internalKey: "two\nlines" })).toThrow("printable");
  expect(() => remote({ url: "http://auth", internalKey: "k", ttlMs: Number.NaN })).toThrow(TypeError);
});
