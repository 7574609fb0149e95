import { expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { fakeModel, serve } from "../support/serve.ts";

const secret = "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa";
const password = "correct horse battery";

/** The administration's page, reduced to its requests: a token, and what it asks with it. */
function panel(url: string) {
  async function ask(method: string, path: string, token?: string, body?: object) {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as { readonly [field: string]: unknown } };
  }
  const login = async (username: string, word: string) => {
    const { status, body } = await ask("POST", "/admin/login", undefined, { username, password: word });
    return { status, token: String(body["access_token"]), detail: body["detail"] };
  };
  return { ask, login };
}

test("an administrator logs in, chats, looks around, changes the credentials, and logs out", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve({ ...variables, SECRET_KEY: secret, DEFAULT_ADMIN_PASSWORD: password });
  const { ask, login } = panel(url);
  const wrong = await login("admin", "wrong horse battery");
  expect(wrong).toMatchObject({ status: 401, detail: "Invalid username or password" });
  expect(await login("nobody", password)).toMatchObject({ status: 401, detail: wrong.detail });

  const { token } = await login("admin", password);
  const before = await ask("GET", "/stats", token);
  expect(await ask("POST", "/admin/test-chat", token, { message: "Hello" })).toMatchObject({
    status: 200,
    body: { success: true, response: "Hello from the fake." },
  });
  expect((await ask("GET", "/stats", token)).body).toEqual(before.body);

  const other = await login("admin", password);
  const sessions = await ask("GET", "/admin/sessions", token);
  expect(sessions.body).toMatchObject([{ username: "admin" }, { username: "admin" }]);
  expect((await ask("GET", "/admin/status", token)).body).toMatchObject({
    redis_connected: null,
    backend_healthy: true,
    store_healthy: true,
    active_sessions_count: 2,
  });

  const next = { new_username: "grace", new_password: "another long password" };
  expect(await ask("POST", "/admin/change-credentials", token, next)).toMatchObject({
    status: 200,
    body: { new_username: "grace" },
  });
  for (const old of [token, other.token]) expect((await ask("GET", "/admin/info", old)).status).toBe(401);
  expect((await login("admin", password)).status).toBe(401);
  const { token: renewed } = await login("grace", next.new_password);
  expect((await ask("GET", "/admin/info", renewed)).body).toMatchObject({ username: "grace" });

  expect((await ask("POST", "/admin/logout", renewed)).body).toEqual({ message: "Logged out successfully" });
  expect((await ask("GET", "/admin/info", renewed)).status).toBe(401);
});

test("an administrator's chat is one's own, and a user's token opens no admin route", async () => {
  const { variables } = await fakeModel();
  const keys = { SECRET_KEY: secret, DEFAULT_ADMIN_PASSWORD: password, API_KEY: "the-key-of-the-app" };
  const { url } = await serve({ ...variables, ...keys });
  const { ask, login } = panel(url);
  const { token } = await login("admin", password);
  const said = { message: "Hello", session_id: "s1" };
  expect((await ask("POST", "/chat", token, said)).body).toMatchObject({ user_id: "admin", turn_count: 1 });
  expect((await ask("GET", "/history/s1", keys.API_KEY)).status).toBe(404);
  for (const path of ["/admin/info", "/admin/status", "/admin/sessions"]) {
    expect((await ask("GET", path, keys.API_KEY)).status).toBe(403);
    expect((await ask("GET", path)).status).toBe(401);
  }
});

const good = { ENVIRONMENT: "production", SECRET_KEY: secret, API_KEY: "k3yOfTheApp-92hf7Qz" };

test.for([
  ["SECRET_KEY", { SECRET_KEY: "" }],
  ["SECRET_KEY", { SECRET_KEY: "secret" }],
  ["SECRET_KEY", { SECRET_KEY: "change-me-to-a-long-random-string" }],
  ["DEFAULT_ADMIN_PASSWORD", { DEFAULT_ADMIN_PASSWORD: "admin123" }],
  ["API_KEY", { API_KEY: "short" }],
  ["ENVIRONMENT=production needs to know who may chat", { API_KEY: "" }],
] as const)("T10: production does not start: %s", { timeout: 60_000 }, async ([what, weak]) => {
  const { variables } = await fakeModel();
  const cli = runCli({ ...variables, ...good, DEFAULT_ADMIN_PASSWORD: password, ...weak });
  expect(await cli.exited).toBe(1);
  expect(cli.output.stderr).toContain(`parlor: ${what}`);
  for (const value of Object.values(weak)) if (value !== "") expect(cli.output.stderr).not.toContain(value);
});
