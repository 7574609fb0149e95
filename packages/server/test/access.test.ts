import { text } from "node:stream/consumers";
import { listen } from "@parlor/testkit/http";
import { SignJWT } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { emptyFolder, runCli, urlOf } from "./support/cli.ts";
import { fakeModel, serve } from "./support/serve.ts";

const secret = "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa";
const signing = new TextEncoder().encode(secret);
const json = { "content-type": "application/json" };

const by = (token: string) => ({ authorization: `Bearer ${token}` });
const status = async (url: string, headers: Record<string, string> = {}) => (await fetch(url, { headers })).status;

async function login(url: string, username: string, password: string, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ username, password });
  const response = await fetch(`${url}/admin/login`, { method: "POST", headers: { ...json, ...headers }, body });
  return { status: response.status, body: (await response.json()) as { access_token: string; expires_in: number } };
}

test("API_KEY, JWT_SECRET and AUTH_SERVICE_URL each let people in, and nobody else comes in", async () => {
  const service = await listen((request, response) => {
    void text(request).then((body) => {
      const good = request.headers["x-internal-api-key"] === "internal" && body === '{"token":"known"}';
      response.end(JSON.stringify(good ? { valid: true, user_id: "u1", username: "Ada" } : { valid: false }));
    });
  });
  onTestFinished(service.close);
  const { variables } = await fakeModel();
  const { url } = await serve({
    ...variables,
    API_KEY: "the-api-key",
    API_TOKEN: "the-api-token",
    JWT_SECRET: secret,
    JWT_AUDIENCE: "chat",
    AUTH_SERVICE_URL: service.url,
    INTERNAL_API_KEY: "internal",
  });
  const jwt = (claims: object) =>
    new SignJWT({ sub: "grace", aud: "chat", ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("5m")
      .sign(signing);

  for (const headers of [by("the-api-key"), by("the-api-token"), { "x-api-key": "the-api-key" }, by("known")]) {
    expect(await status(`${url}/sessions`, headers)).toBe(200);
  }
  expect(await status(`${url}/sessions`, by(await jwt({})))).toBe(200);
  for (const headers of [{}, by("unknown"), by(await jwt({ aud: "shop" })), { "x-api-key": "the-api" }]) {
    expect(await status(`${url}/sessions`, headers)).toBe(401);
  }
  expect(await status(`${url}/chat/memory/stats`, by("the-api-key"))).toBe(403);
  expect(await status(`${url}/chat/memory/stats`, by(await jwt({})))).toBe(403);
  expect(await status(`${url}/chat/memory/stats`, by(await jwt({ admin: true })))).toBe(200);
  expect(await status(`${url}/health`)).toBe(200);
});

test("admin login, chat, logout", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve({
    ...variables,
    API_KEY: "the-api-key",
    SECRET_KEY: secret,
    ACCESS_TOKEN_EXPIRE_MINUTES: "30",
    DEFAULT_ADMIN_USERNAME: "grace",
    DEFAULT_ADMIN_PASSWORD: "correct horse",
  });
  expect((await login(url, "admin", "correct horse")).status).toBe(401);
  const { body } = await login(url, "grace", "correct horse");
  expect(body.expires_in).toBe(1800);
  const headers = by(body.access_token);
  const chat = await fetch(`${url}/chat`, {
    method: "POST",
    headers: { ...json, ...headers },
    body: JSON.stringify({ message: "Hello", session_id: "s1" }),
  });
  expect(await chat.json()).toMatchObject({ response: "Hello from the fake.", user_id: "grace" });
  expect(await status(`${url}/admin/status`, headers)).toBe(200);
  expect((await fetch(`${url}/admin/logout`, { method: "POST", headers })).status).toBe(200);
  expect(await status(`${url}/admin/status`, headers)).toBe(401);
});

test("T11: the first start makes an administrator and shows the password once; a later one does not", async () => {
  const { variables } = await fakeModel();
  const folder = emptyFolder();
  const first = runCli({ ...variables, SECRET_KEY: secret }, [], folder);
  const url = await urlOf(first);
  const [, password = ""] = await first.printed(/admin {4}admin, password (\S+) \(shown this once/);
  for (const guess of ["admin", "admin123", "password"]) expect((await login(url, "admin", guess)).status).toBe(401);
  const { body } = await login(url, "admin", password);
  expect(await status(`${url}/admin/info`, by(body.access_token))).toBe(200);
  // Where everybody is let in, admin routes are not.
  expect(await status(`${url}/admin/info`)).toBe(403);
  expect(await status(`${url}/sessions`)).toBe(200);
  first.process.kill("SIGTERM");
  expect(await first.exited).toBe(0);

  const second = runCli({ ...variables, SECRET_KEY: secret }, [], folder);
  const again = await urlOf(second);
  expect(second.output.stdout).not.toContain("shown this once");
  expect(await status(`${again}/admin/info`, by(body.access_token))).toBe(200);
  for (const output of [first.output, second.output]) expect(output.stdout + output.stderr).not.toContain(secret);
});

test("a lost login: the account's record is deleted, and the next start makes it anew", async () => {
  const { DatabaseSync } = await import("node:sqlite");
  const { variables } = await fakeModel();
  const folder = emptyFolder();
  const start = (password: string) => runCli({ ...variables, DEFAULT_ADMIN_PASSWORD: password }, [], folder);
  const first = start("the forgotten one");
  await urlOf(first);
  first.process.kill("SIGTERM");
  await first.exited;
  const database = new DatabaseSync(`${folder}/parlor.db`);
  const { changes } = database.prepare("DELETE FROM records WHERE kind = 'admin:credentials'").run();
  expect(changes).toBe(1);
  database.close();
  const url = await urlOf(start("the remembered one"));
  expect((await login(url, "admin", "the forgotten one")).status).toBe(401);
  expect((await login(url, "admin", "the remembered one")).status).toBe(200);
});

test("T15: X-Forwarded-For counts from trusted proxies only", async () => {
  const { variables } = await fakeModel();
  const site = { ...variables, PUBLIC_ACCESS: "true", REQUEST_LIMIT: "1/day" };
  const statuses = async (url: string, addresses: readonly string[]) => {
    const codes: number[] = [];
    for (const address of addresses) codes.push(await status(`${url}/sessions`, { "x-forwarded-for": address }));
    return codes;
  };
  const direct = await serve(site);
  expect(await statuses(direct.url, ["203.0.113.1", "203.0.113.2", "2001:db8::1"])).toEqual([200, 429, 429]);

  const behind = await serve({ ...site, TRUST_PROXY: "loopback" });
  expect(await statuses(behind.url, ["203.0.113.1", "203.0.113.2", "203.0.113.1"])).toEqual([200, 200, 429]);
  // What the client wrote itself stands before what the proxy saw.
  expect(await statuses(behind.url, ["198.51.100.1, 203.0.113.3", "198.51.100.2, 203.0.113.3"])).toEqual([200, 429]);
  // One customer has a whole /64, in any spelling.
  expect(await statuses(behind.url, ["2001:DB8::1", "2001:db8:0:0:9::1", "2001:db8:1::1"])).toEqual([200, 429, 200]);
  expect(await statuses(behind.url, ["::ffff:203.0.113.4", "203.0.113.4"])).toEqual([200, 429]);

  const twice = await serve({ ...site, TRUST_PROXY: "2" });
  expect(await statuses(twice.url, ["203.0.113.5, 10.0.0.1", "203.0.113.6, 10.0.0.1"])).toEqual([200, 200]);
});

test("X-Forwarded-Proto makes the visitor's cookie a secure one, from trusted proxies only", async () => {
  const { variables } = await fakeModel();
  const headers = { "x-forwarded-proto": "https", "sec-fetch-site": "same-origin" };
  const cookieOf = async (extra: Record<string, string>) => {
    const { url } = await serve({ ...variables, PUBLIC_ACCESS: "true", ...extra });
    return (await fetch(`${url}/sessions`, { headers })).headers.get("set-cookie");
  };
  expect(await cookieOf({})).not.toContain("Secure");
  expect(await cookieOf({ TRUST_PROXY: "1" })).toContain("; Secure");
});

test("PUBLIC_ACCESS: browsers are visitors of their own", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve({ ...variables, PUBLIC_ACCESS: "true", API_KEY: "the-api-key" });
  const ask = (session: string, headers: Record<string, string>) =>
    fetch(`${url}/chat`, {
      method: "POST",
      headers: { ...json, ...headers },
      body: JSON.stringify({ message: "Hello", session_id: session }),
    });
  const first = await ask("s1", { "sec-fetch-site": "same-origin" });
  expect(first.headers.get("set-cookie")).toMatch(/^parlor_visitor=/);
  expect(await status(`${url}/history/s1`, { "sec-fetch-site": "same-origin" })).toBe(404);
  expect(await status(`${url}/history/s1`, by("the-api-key"))).toBe(404);
  expect(await status(`${url}/sessions`, by("wrong"))).toBe(401);
});

test("T20: pages of CORS_ORIGINS and FRONTEND_URL may read, those of others not", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve({
    ...variables,
    CORS_ORIGINS: "https://a.example",
    FRONTEND_URL: "https://b.example/chat",
  });
  const allowed = async (origin: string) => {
    const { headers } = await fetch(`${url}/status`, { headers: { origin } });
    return headers.get("access-control-allow-origin");
  };
  expect(await allowed("https://a.example")).toBe("https://a.example");
  expect(await allowed("https://b.example")).toBe("https://b.example");
  for (const origin of ["null", "https://c.example", "https://a.example.evil"])
    expect(await allowed(origin)).toBeNull();
});

test("REQUEST_LIMIT counts every request but public ones", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve({ ...variables, API_KEY: "the-api-key", REQUEST_LIMIT: "2/day" });
  expect(await status(`${url}/sessions`, by("the-api-key"))).toBe(200);
  expect(await status(`${url}/sessions`, by("the-api-key"))).toBe(200);
  expect(await status(`${url}/sessions`, by("the-api-key"))).toBe(429);
  expect(await status(`${url}/status`)).toBe(200);
});

test("an open server does nothing for pages of other sites", async () => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  const headers = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  expect(await status(`${url}/api/v1/chat/stream?message=Hi&session_id=s1`, headers)).toBe(403);
  expect((await fetch(`${url}/reset/s1`, { method: "POST", headers })).status).toBe(403);
  expect(await status(`${url}/api/v1/chat/stream?message=Hi&session_id=s1`, {})).toBe(200);
  expect(fake.requests).toHaveLength(1);
});
