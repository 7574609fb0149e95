import { ChatError, circuitBreaker, createChatEngine, fallback, limitConcurrency, memory } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { createHandler } from "@parlor/http";
import { toFetch } from "@parlor/http/fetch";
import { Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import { prometheus, type PrometheusOptions } from "../src/index.ts";

const people = { ada: { id: "ada" }, root: { id: "root", admin: true } };

function site(options: PrometheusOptions = {}, script: Parameters<typeof scriptedBackend>[0] = says("Hello there")) {
  const metrics = prometheus(options);
  const prices = { input: 1_000_000, output: 0, asOf: "2026-01-01" };
  const backend = metrics.backend(scriptedBackend(script, { info: { prices } }));
  const engine = createChatEngine({ backend, storage: metrics.storage(memory()), onTurn: metrics.onTurn });
  const auth = ({ headers }: { headers: { readonly [name: string]: string | undefined } }) =>
    people[(headers["authorization"] ?? "") as keyof typeof people];
  const fetch = toFetch(createHandler(engine, { auth, metrics }));
  const ask = (path: string, init: RequestInit & { as?: string } = {}) =>
    fetch(
      new Request(`http://x${path}`, {
        ...init,
        headers: { authorization: init.as ?? "ada", "content-type": "application/json" },
      }),
    );
  const chat = (message: string) =>
    ask("/api/v1/chat", { method: "POST", body: JSON.stringify({ message, session_id: "s1" }) });
  const read = async (path = "/metrics") => parse(await (await ask(path, { as: "root" })).text());
  return { engine, ask, chat, read };
}

/** Samples by name and sorted labels. */
function parse(text: string): Map<string, number> {
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [, name = "", labels = "", value] = /^(\w+)(?:\{(.*)\})? (.+)$/.exec(line) ?? [];
        return [`${name}{${labels.split(",").toSorted().join(",")}}`, Number(value)];
      }),
  );
}

const model = 'gen_ai_provider_name="scripted",gen_ai_request_model="script-1"';

test("turns, tokens, times and costs are counted, requests by their route", async () => {
  const { chat, ask, read } = site();
  await chat("Hi");
  await chat("Hi again");
  await ask("/api/v1/sessions/somebody-elses-secret");
  await ask("/api/v1/sessions/s1", { method: "POST" });
  const samples = await read();
  expect(samples.get(`parlor_turns_total{code="",${model},status="complete"}`)).toBe(2);
  expect(samples.get(`gen_ai_client_token_usage_sum{${model},gen_ai_token_type="input"}`)).toBe(20);
  expect(samples.get(`gen_ai_client_token_usage_sum{${model},gen_ai_token_type="output"}`)).toBe(4);
  expect(samples.get(`gen_ai_client_operation_duration_seconds_count{error_type="",${model}}`)).toBe(2);
  expect(samples.get(`gen_ai_client_operation_time_to_first_chunk_seconds_count{${model}}`)).toBe(2);
  expect(samples.get(`parlor_cost_usd_total{${model}}`)).toBe(20);
  expect(samples.get("parlor_turn_accepted_seconds_count{}")).toBe(2);
  const served = (method: string, route: string, status: number) =>
    samples.get(
      `http_server_request_duration_seconds_count{http_request_method="${method}",http_response_status_code="${status}",http_route="${route}"}`,
    );
  expect(served("POST", "/api/v1/chat", 200)).toBe(2);
  expect(served("GET", "/api/v1/sessions/{session_id}", 404)).toBe(1);
  expect(served("POST", "", 405)).toBe(1);
  expect([...samples.keys()].filter((key) => key.includes("secret"))).toEqual([]);
  expect(samples.get("process_cpu_user_seconds_total{}")).toBeGreaterThan(0);
  const opened = `{operation="open",outcome="ok",part="sessions",store="memory"}`;
  expect(samples.get(`parlor_store_operation_duration_seconds_count${opened}`)).toBe(2);
});

test("what runs, waits and streams is told as it is now", async () => {
  const gate = Promise.withResolvers<void>();
  const { engine, ask, read } = site({}, [{ type: "text", text: "a" }, { wait: gate.promise }, ...says(" b")]);
  const stream = await ask("/api/v1/chat/stream?message=Hi&session_id=s1");
  const waiting = engine.send({ owner: "ada", session: "s1", message: "And?" });
  await vi.waitUntil(() => engine.load().waiting === 1);
  const during = await read();
  expect([
    during.get("parlor_live_turns{}"),
    during.get("parlor_waiting_turns{}"),
    during.get("parlor_open_streams{}"),
  ]).toEqual([1, 1, 1]);
  gate.resolve();
  await stream.text();
  await waiting;
  const after = await read();
  expect([
    after.get("parlor_live_turns{}"),
    after.get("parlor_waiting_turns{}"),
    after.get("parlor_open_streams{}"),
  ]).toEqual([0, 0, 0]);
});

test("failures, refusals, retries and dead stores are told by their codes", async () => {
  const metrics = prometheus();
  const down = new ChatError("store_unavailable", "down");
  const storage = memory();
  const backend = scriptedBackend((request) => {
    request.onRetry?.("backend_overloaded");
    return [{ fail: new ChatError("backend_overloaded", "no") }];
  });
  const engine = createChatEngine({
    backend: metrics.backend(backend),
    storage: metrics.storage(storage),
    onTurn: metrics.onTurn,
  });
  await engine.send({ owner: "ada", session: "s1", message: "Hi" }).catch(() => {});
  storage.sessions.open = () => Promise.reject(down);
  await engine.send({ owner: "ada", session: "s1", message: "Hi" }).catch(() => {});
  const samples = parse((await metrics.render()).text);
  expect(samples.get(`parlor_turns_total{code="backend_overloaded",${model},status="failed"}`)).toBe(1);
  expect(samples.get(`parlor_turns_total{code="store_unavailable",${model},status="refused"}`)).toBe(1);
  expect(samples.get(`parlor_model_retries_total{code="backend_overloaded",${model}}`)).toBe(1);
  const failed = `{operation="open",outcome="failed",part="sessions",store="memory"}`;
  expect(samples.get(`parlor_store_operation_duration_seconds_count${failed}`)).toBe(2);
});

test("only admins read them where that is wanted, at a path of one's own, in a registry of one's own", async () => {
  const registry = new Registry();
  const { ask, read } = site({ access: "admin", path: "/internal/metrics", registry });
  for (const path of ["/internal/metrics", "/api/v1/metrics"]) {
    expect((await ask(path)).status).toBe(403);
    expect((await ask(path, { as: "nobody" })).status).toBe(401);
    expect((await read(path)).size).toBeGreaterThan(0);
  }
  expect((await ask("/metrics", { as: "root" })).status).toBe(404);
  expect(registry.getSingleMetric("parlor_turns_total")).toBeDefined();
  expect(registry.getSingleMetric("process_cpu_user_seconds_total")).toBeUndefined();
});

test("the health of models and stores, and the state of what guards them", async () => {
  const metrics = prometheus();
  const failing = scriptedBackend([{ fail: new ChatError("backend_error", "no") }], { info: { model: "first" } });
  const second = limitConcurrency(scriptedBackend(says("hi"), { info: { model: "second" } }), { calls: 3 });
  const engine = createChatEngine({ backend: fallback([circuitBreaker(failing, { failures: 1 }), second]) });
  metrics.watch(engine);
  await engine.send({ owner: "ada", message: "Hi" });
  const samples = parse((await metrics.render()).text);
  expect(samples.get('parlor_model_healthy{gen_ai_request_model="first"}')).toBe(0);
  expect(samples.get('parlor_model_healthy{gen_ai_request_model="second"}')).toBe(1);
  expect(samples.get('parlor_model_circuit_open{gen_ai_request_model="first"}')).toBe(1);
  expect(samples.get('parlor_model_calls{gen_ai_request_model="second",state="running"}')).toBe(0);
  expect(samples.get('parlor_store_healthy{part="sessions",store="memory"}')).toBe(1);
});
