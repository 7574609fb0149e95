import { ChatError } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { expect, test } from "vitest";
import { Rechecks } from "../../src/auth/rechecks.ts";
import type { HttpRequest } from "../../src/index.ts";
import type { Route } from "../../src/route.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const request = {} as HttpRequest;
const route = {} as Route;

/** One connection of ada's, let in until `expiresAt`. What the gate says is the test's to change. */
function scene(expiresAt?: number, periodMs = 4_000, anonymous = false) {
  const clock = manualClock(0);
  const state = { asked: 0, answer: (): unknown => ({ id: "ada", ...(expiresAt !== undefined && { expiresAt }) }) };
  const gate = async () => {
    state.asked += 1;
    const answer = await state.answer();
    if (answer instanceof Error) throw answer;
    return { principal: answer as { id: string }, anonymous };
  };
  const rechecks = new Rechecks(gate, clock, periodMs);
  const principal = { id: "ada", ...(expiresAt !== undefined && { expiresAt }) };
  const lost: string[] = [];
  const leave = rechecks.watch({ request, route, visitor: { principal, anonymous } }, ({ code }) => lost.push(code));
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settled();
  };
  return { clock, state, lost, leave, pass, rechecks };
}

const unauthorized = () => new ChatError("unauthorized", "No.");
const down = () => new ChatError("auth_unavailable", "Down.");

test("asks every period, and tells once", async () => {
  const { state, lost, pass } = scene();
  await pass(4_000);
  await pass(4_000);
  expect([state.asked, lost]).toEqual([2, []]);
  state.answer = unauthorized;
  await pass(4_000);
  await pass(60_000);
  expect([state.asked, lost]).toEqual([3, ["unauthorized"]]);
});

test("one timer for all, and none for nobody", async () => {
  const { clock, state, leave, rechecks, pass } = scene();
  const visitor = { principal: { id: "ada" }, anonymous: false };
  const other = rechecks.watch({ request, route, visitor }, () => {});
  await pass(4_000);
  expect(state.asked).toBe(2);
  leave();
  other();
  await pass(60_000);
  expect(state.asked).toBe(2);
  rechecks.watch({ request, route, visitor }, () => {});
  clock.advance(4_000);
  expect(state.asked).toBe(3);
});

test("a check that hangs is not repeated, and its answer counts for nobody who has left", async () => {
  const answer = Promise.withResolvers<unknown>();
  const { state, lost, leave, pass } = scene();
  state.answer = () => answer.promise;
  await pass(4_000);
  await pass(4_000);
  expect(state.asked).toBe(1);
  leave();
  answer.resolve(unauthorized());
  await settled();
  expect(lost).toEqual([]);
});

test("credentials that expire end it at their time; longer ones that `auth` gives by then do not", async () => {
  const expiring = scene(6_000, Infinity);
  await expiring.pass(5_999);
  expect(expiring.state.asked).toBe(0);
  expiring.state.answer = unauthorized;
  await expiring.pass(1);
  expect(expiring.lost).toEqual(["unauthorized"]);

  const sliding = scene(6_000, Infinity);
  sliding.state.answer = () => ({ id: "ada", expiresAt: 20_000 });
  await sliding.pass(6_000);
  sliding.state.answer = () => ({ id: "ada", expiresAt: 30_000 });
  await sliding.pass(14_000);
  expect([sliding.state.asked, sliding.lost]).toEqual([2, []]);
});

test("who cannot be asked decides nothing, until the credentials have expired", async () => {
  const { state, lost, pass } = scene(10_000);
  state.answer = down;
  await pass(9_999);
  expect(lost).toEqual([]);
  await pass(1);
  expect(lost).toEqual(["unauthorized"]);
});

test("the clock set back makes credentials last longer, not the check stop", async () => {
  const { clock, state, lost, pass } = scene(6_000, Infinity);
  clock.jump(-3_600_000);
  await pass(6_000);
  expect([state.asked, lost]).toEqual([1, []]);
  state.answer = unauthorized;
  await pass(3_600_000);
  expect(lost).toEqual(["unauthorized"]);
});

test("somebody else by the same credentials is a loss, less rights are; who came without credentials loses none", async () => {
  for (const [answer, code] of [
    [{ id: "eve" }, "unauthorized"],
    [new ChatError("forbidden", "No."), "forbidden"],
  ] as const) {
    const { state, lost, pass } = scene();
    state.answer = () => answer;
    await pass(4_000);
    expect(lost).toEqual([code]);
  }
  const anonymous = scene(undefined, 4_000, true);
  await anonymous.pass(60_000);
  expect(anonymous.state.asked).toBe(0);
});
