import assert from "node:assert/strict";
import type { Answer } from "./suite.ts";

/** An error as `application/problem+json`, with everything it must have and nothing that it must not. */
export function expectProblem(answer: Answer, status: number, code: string): { readonly [field: string]: unknown } {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const problem = answer.body as Record<string, unknown>;
  assert.equal(problem["status"], status);
  assert.equal(problem["code"], code);
  assert.equal(problem["request_id"], answer.headers.get("x-request-id"));
  for (const field of ["type", "title", "detail"]) assert.ok(problem[field], `a problem needs a ${field}`);
  const allowed = ["type", "title", "status", "detail", "code", "request_id", "errors"];
  assert.deepEqual(
    Object.keys(problem).filter((field) => !allowed.includes(field)),
    [],
  );
  assert.doesNotMatch(answer.text, /\bat .+:\d+:\d+/, "a stack in an error");
  return problem;
}

/** Why an upgrade is refused. Not every runtime lets the body of a refusal through. */
export function expectRefusal(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status);
  if (answer.text !== "") expectProblem(answer, status, code);
}

/** The paths of a 422's field errors. */
export function faultsOf(answer: Answer): string[] {
  const { errors } = expectProblem(answer, 422, "invalid_request");
  return (errors as { path: string }[]).map((error) => error.path);
}

/** The reply as it is but for what differs each time, which is checked here: ids, times and durations become "id", "time", "number". */
export function expectReply(answer: Answer, expected: unknown, status = 200): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.ok(Number(answer.headers.get("x-process-time")) >= 0);
  assert.deepEqual(mask(answer.body), expected);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const durations = new Set(["generation_time", "uptime", "inference_time_ms"]);

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => {
      const isDuration = durations.has(key) && typeof inner === "number" && inner >= 0;
      return [key, isDuration ? "number" : mask(inner)];
    });
    return Object.fromEntries(entries);
  }
  if (typeof value !== "string") return value;
  return uuid.test(value) ? "id" : time.test(value) ? "time" : value;
}
