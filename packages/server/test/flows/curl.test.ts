import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fakeModel, serve } from "../support/serve.ts";

const password = "correct horse battery";
const json = `-H 'content-type: application/json'`;
const said = `${json} -d '{"message":"Hello","session_id":"s1"}'`;
const stream = /^retry: \d+\nid: \S+:0\n\n.*"token":"Hello.*"done":true,"message_id":"/s;

/** An operation, what its curl line has behind the address, what comes. `$ADMIN` is the admin's token, `$ID` a conversation. */
const lines: readonly (readonly [operation: string, rest: string, expected: RegExp])[] = [
  [
    "POST /api/v1/chat",
    said,
    /^\{"message":"Hello from the fake\.","session_id":"s1","message_id":".*"generation_time":/,
  ],
  ["POST /api/v1/chat", `${json} -d '{"message":"Hello","session_id":"s1","stream":true}'`, /event: done\n/],
  ["GET /api/v1/chat/stream?message=Hello&session_id=s1", "", /event: chunk\n.*"is_final":true.*event: done\n/s],
  ["GET /api/v1/chat/ws", "", /"status":426,.*"code":"upgrade_required"/],
  ["POST /api/v1/chat/stop", `${json} -d '{"session_id":"s1"}'`, /^\{"stopped":false,"session_id":"s1"\}$/],
  ["GET /api/v1/sessions?limit=5", "", /^\[\{"session_id":"s1","created_at":".*"message_count":6,.*"is_active":true/],
  ["GET /api/v1/sessions/{session_id}?limit=2", "", /^\{"session_id":"s1","messages":\[\{"id":".*"role":"user"/],
  ["GET /api/v1/model/info", "", /^\{"name":"gpt-5-mini","type":"openai","loaded":true,"parameters":\{/],
  ["GET /api/v1/health", "", /^\{"status":"healthy","version":".*"active_sessions":.*"checks":\{/],
  ["GET /api/v1/status", "", /^\{"status":"ok","service":"chatbot-api","version":"/],
  ["GET /api/v1/metrics", "", /^# HELP /],
  ["DELETE /api/v1/sessions/{session_id}", "", /^\{"message":"Session cleared successfully"\}$/],

  [
    "POST /chat",
    said,
    /^\{"response":"Hello from the fake\.","session_id":"s1",.*"turn_count":1,"llm_provider":"openai"/,
  ],
  ["POST /chat/", said, /^\{"response":"Hello from the fake\.","session_id":"s1",.*"turn_count":2,/],
  ["POST /chat-stream", said, /^Hello from the fake\.$/],
  [
    "GET /history/{session_id}",
    "",
    /^\{"session_id":"s1","messages":\[\{"role":"user","content":"Hello"\},.*"turn_count":3\}$/,
  ],
  ["GET /sessions", "", /^\{"sessions":\[\{"session_id":"s1","turns":3,"created_at":"/],
  ["GET /stats", "", /^\{"total_sessions":1,"total_messages":6,"avg_messages_per_session":6\}$/],
  ["POST /reset/{session_id}", "", /^\{"status":"reset","session_id":"s1","previous_turns":3\}$/],
  ["DELETE /history/{session_id}", "", /^\{"status":"cleared","session_id":"s1"\}$/],
  ["DELETE /chat/sessions/{session_id}", "", /^\{"message":"Session s1 not found"\}$/],
  [
    "GET /chat/memory/stats",
    `-H "authorization: Bearer $ADMIN"`,
    /^\{"memory_stats":\{"current_size":0,"max_size":1000,"ttl_seconds":null\}\}$/,
  ],

  [
    "POST /api/conversations/new?title=Plans",
    "",
    /^\{"session_id":".*"message":"New conversation created","conversation":\{"id":"/,
  ],
  ["POST /api/conversations", `${json} -d '{"title":"Other"}'`, /^\{"id":".*"title":"Other","model_tag":"gpt-5-mini"/],
  ["GET /api/conversations", "", /^\{"items":\[\{"id":".*"grouped":\{"\d{4}-\d\d-\d\d":\[/],
  ["POST /api/conversations/{id}/messages", `${json} -d '{"content":"Hello"}'`, stream],
  [
    "POST /api/conversations/{id}/message",
    `${json} -d '{"content":"And now?"}'`,
    /"message":"Message added successfully","reply":\{"id":"/,
  ],
  ["GET /api/conversations/{id}/stream?prompt=More", "", stream],
  ["POST /api/conversations/{id}/regenerate", `${json} -d '{}'`, stream],
  ["POST /api/conversations/{id}/stop", "", /^\{"stopped":false\}$/],
  ["GET /api/conversations/{id}?versions=true", "", /"messages":\[.*"status":"superseded"/],
  ["PUT /api/conversations/{id}", `${json} -d '{"title":"One"}'`, /"title":"One"/],
  ["PATCH /api/conversations/{id}", `${json} -d '{"is_favorited":true}'`, /"is_favorited":true/],
  ["PATCH /api/conversations/{id}/title?title=Two", "", /"title":"Two","message":"Title updated successfully"/],
  ["DELETE /api/conversations/{id}", "", /^$/],
  ["GET /api/models", "", /^\{"current_model":"gpt-5-mini","models":\["gpt-5-mini","gpt-4o"\],"details":\[/],
  [
    "POST /api/models/swap",
    `-H "authorization: Bearer $ADMIN" ${json} -d '{"model_tag":"gpt-4o"}'`,
    /^\{"status":"ok","current_model":"gpt-4o"\}$/,
  ],
  ["GET /api/health", "", /^\{"status":"ok","ready":true,"service":"chat-api"\}$/],

  ["GET /llm/provider", "", /^\{"current_provider":\{"provider":"openai","model":"gpt-4o","base_url":"http/],
  ["GET /llm/providers", "", /^\{"providers":\[\{"name":".*"display_name":"/],
  ["GET /llm/health", "", /^\{"provider":"openai","healthy":true\}$/],
  ["GET /admin/info", `-H "authorization: Bearer $ADMIN"`, /^\{"username":"admin","created_at":".*"last_updated":"/],
  [
    "GET /admin/status",
    `-H "authorization: Bearer $ADMIN"`,
    /"chatgroq_healthy":true,"backend_healthy":true,.*"uptime_formatted":"0h 0m"\}$/,
  ],
  [
    "GET /admin/sessions",
    `-H "authorization: Bearer $ADMIN"`,
    /^\[\{"session_id":".*"username":"admin","created_at":"/,
  ],
  [
    "POST /admin/test-chat",
    `-H "authorization: Bearer $ADMIN" ${json} -d '{"message":"Hello"}'`,
    /^\{"success":true,"response":"Hello from the fake\."\}$/,
  ],
  ["POST /admin/logout", `-H "authorization: Bearer $ADMIN"`, /^\{"message":"Logged out successfully"\}$/],
  [
    "POST /admin/login",
    `${json} -d '{"username":"admin","password":"${password}"}'`,
    /^\{"access_token":".*"token_type":"bearer","expires_in":\d+,"username":"admin"\}$/,
  ],
  [
    "POST /admin/change-credentials",
    `-H "authorization: Bearer $ADMIN" ${json} -d '{"new_username":"grace","new_password":"another horse"}'`,
    /^\{"message":"Credentials updated successfully","new_username":"grace"\}$/,
  ],

  [
    "GET /",
    "",
    /^\{"status":"ok","service":"chatbot-api",.*"docs":"\/docs","health":"\/health","current_llm_provider":"openai"\}$/,
  ],
  ["GET /", "-H 'accept: text/html'", /^<!doctype html>/],
  ["GET /page/{file}", "", /^import /],
  ["GET /health", "", /^\{"status":"healthy","service":"chatbot-api",.*"redis_healthy":null\}$/],
  ["GET /status", "", /^\{"status":"ok","service":"chatbot-api"/],
  ["GET /info", "", /^\{"name":"chatbot-api",.*"openapi":"\/openapi\.json"/],
  ["GET /metrics", "", /^# HELP /],
  ["GET /docs", "", /^<!doctype html>/],
  ["GET /redoc", "", /^<!doctype html>/],
  ["GET /docs/{file}", "", /SwaggerUIBundle/],
  ["GET /openapi.json", "", /^\{"openapi":"3\.1\./],
];

const groups = ["v1", "simple", "conversations", "admin", "system"];

test("every operation of the documented groups, by curl", { timeout: 180_000 }, async () => {
  const { variables } = await fakeModel();
  const secrets = { SECRET_KEY: "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa", DEFAULT_ADMIN_PASSWORD: password };
  const { url } = await serve({ ...variables, ...secrets, MODELS: "gpt-5-mini,gpt-4o" });
  const env: NodeJS.Dict<string> = { PATH: process.env["PATH"], ADMIN: await login(url), ID: "", FILE: "" };
  for (const [operation, rest, expected] of lines) {
    const [method = "", target = ""] = operation.split(" ");
    const file = target.startsWith("/docs") ? "docs.js" : "chat.js";
    const path = target.replace("{session_id}", "s1").replace("{id}", "$ID").replace("{file}", file);
    const { stdout } = await promisify(execFile)("bash", ["-c", `curl -sS -X ${method} "${url}${path}" ${rest}`], {
      env,
    });
    expect({ operation, stdout }).toEqual({ operation, stdout: expect.stringMatching(expected) });
    if (path.startsWith("/api/conversations/new"))
      env["ID"] = (JSON.parse(stdout) as { session_id: string }).session_id;
    if (path === "/admin/login") env["ADMIN"] = (JSON.parse(stdout) as { access_token: string }).access_token;
  }
  const spoken = new Set(lines.map(([operation]) => operation.replace(/\?.*|(?<=\w)\/$/, "")));
  expect([...(await operationsOf(url))].filter((operation) => !spoken.has(operation))).toEqual([]);
});

async function login(url: string): Promise<string> {
  const body = JSON.stringify({ username: "admin", password });
  const headers = { "content-type": "application/json" };
  const reply = await fetch(`${url}/admin/login`, { method: "POST", headers, body });
  return ((await reply.json()) as { access_token: string }).access_token;
}

/** What the server says it has in these groups. */
async function operationsOf(url: string): Promise<string[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    readonly paths: { readonly [path: string]: { readonly [method: string]: { readonly tags?: readonly string[] } } };
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags = [] }]) => groups.includes(tags[0] ?? ""))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
}
