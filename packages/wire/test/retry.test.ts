import { describe, expect, it } from "vitest";
import { ChatError, type ErrorCode } from "@parlor/core";
import { retryAfterOf, retrying } from "../src/retry.ts";

/** Fails with these errors in turn, then answers; tells how long it waited and how often it asked. */
async function run(errors: readonly Error[], random = 1, retries = 2) {
  const waits: number[] = [];
  let asked = 0;
  const attempt = (): Promise<string> => {
    const error = errors[asked++];
    return error === undefined ? Promise.resolve("answer") : Promise.reject(error);
  };
  const { signal } = new AbortController();
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  const outcome = await retrying(attempt, { retries, signal, random: () => random, wait }).catch(
    (error: unknown) => error,
  );
  return { outcome, waits, asked };
}

const error = (code: ErrorCode, retryAfterMs?: number): ChatError =>
  new ChatError(code, "It failed.", retryAfterMs === undefined ? {} : { retryAfterMs });

describe("trying again", () => {
  it.each<ErrorCode>([
    "backend_unavailable",
    "backend_timeout",
    "backend_rate_limited",
    "backend_overloaded",
    "backend_error",
  ])("helps against %s", async (code) => {
    expect(await run([error(code), error(code)])).toEqual({ outcome: "answer", waits: [250, 500], asked: 3 });
  });

  it.each<ErrorCode>([
    "backend_auth",
    "backend_quota",
    "backend_bad_request",
    "context_too_long",
    "content_filter",
    "upstream_invalid",
  ])("does not help against %s", async (code) => {
    expect(await run([error(code)])).toMatchObject({ outcome: { code }, waits: [], asked: 1 });
  });

  it("ends after so many times, and at once with 0", async () => {
    const failing = Array.from({ length: 9 }, () => error("backend_error"));
    expect(await run(failing)).toMatchObject({ outcome: { code: "backend_error" }, asked: 3 });
    expect(await run(failing, 1, 0)).toMatchObject({ asked: 1 });
  });

  it("waits with full jitter, and no less than the service asks for", async () => {
    expect((await run([error("backend_error"), error("backend_error")], 0.5)).waits).toEqual([125, 250]);
    expect((await run([error("backend_rate_limited", 7000)], 0.5)).waits).toEqual([7000]);
    expect((await run([error("backend_rate_limited", 0)], 0.5)).waits).toEqual([125]);
  });

  it("does not wait above 30 s: fails and says when", async () => {
    expect((await run([error("backend_rate_limited", 30_000)])).waits).toEqual([30_000]);
    const long = error("backend_rate_limited", 30_001);
    expect(await run([long])).toEqual({ outcome: long, waits: [], asked: 1 });
  });

  it("is left to faults of ours", async () => {
    const ours = new TypeError("ours");
    expect(await run([ours])).toMatchObject({ outcome: ours, asked: 1 });
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  const of = (headers: Record<string, string>): number | undefined => retryAfterOf(new Headers(headers), now);
  it.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ "retry-after": "3" }, 3000],
    [{ "retry-after": " 0 " }, 0],
    [{ "retry-after": "1.5" }, 1500],
    [{ "retry-after": "Sat, 21 Nov 2026 12:00:20 GMT" }, 20_000],
    [{ "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after-ms": "40", "retry-after": "3" }, 40],
    [{ "retry-after-ms": "-1", "retry-after": "3" }, 3000],
  ])("%j is %j", (headers, expected) => {
    expect(of(headers)).toBe(expected);
  });
});
