import { expect, test } from "vitest";
import { networkOf } from "../src/auth/network.ts";
import { toHttpRequest } from "../src/fetch/index.ts";
import { world } from "./world.ts";

test.for([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["::FFFF:cb00:7107", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"],
  ["2001:db8::", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", "unknown"],
  ["example.com", "unknown"],
  [undefined, "unknown"],
] as const)("%s is %s", ([ip, network]) => {
  expect(networkOf(ip)).toBe(`address:${network}`);
});

const limited = { limits: { requests: [{ limit: 1, windowMs: 60_000 }] } };

async function statusFrom(site: ReturnType<typeof world>, ip: string, headers: Record<string, string> = {}) {
  const request = new Request("http://localhost/chat", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ message: "Hi", session_id: crypto.randomUUID() }),
  });
  return (await site.handler.handle(toHttpRequest(request, { raw: request, ip })!))?.status;
}

test.for([false, true])("anonymous people are limited by address, sharedAnonymous: %s", async (sharedAnonymous) => {
  const site = world({ auth: [], access: "public", sharedAnonymous }, undefined, limited);
  expect(await statusFrom(site, "2001:db8::1")).toBe(200);
  expect(await statusFrom(site, "2001:db8::2")).toBe(429);
  expect(await statusFrom(site, "2001:db8::3", { "sec-fetch-site": "same-origin" })).toBe(429);
  expect(await statusFrom(site, "2001:db8::4", { cookie: `parlor_visitor=${"x".repeat(22)}` })).toBe(429);
  expect(await statusFrom(site, "2001:db8:1::1")).toBe(200);
});

test("known people are limited by who they are, wherever they come from", async () => {
  const site = world({ access: "public" }, undefined, limited);
  expect(await statusFrom(site, "203.0.113.7")).toBe(200);
  expect(await statusFrom(site, "203.0.113.7", { authorization: "Bearer ada" })).toBe(200);
  expect(await statusFrom(site, "203.0.113.8", { authorization: "Bearer ada" })).toBe(429);
  expect(await statusFrom(site, "203.0.113.7", { authorization: "Bearer eve" })).toBe(200);
});
