import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../src/index.ts";
import { manualClock } from "../src/testing/index.ts";

const day = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the system clock tells both times", () => {
  vi.setSystemTime(5_000);
  const start = systemClock.monotonic();
  vi.advanceTimersByTime(250);
  expect(systemClock.now()).toBe(5_250);
  expect(systemClock.monotonic() - start).toBe(250);
});

test("after calls once, in its time, unless it is cancelled", () => {
  const [called, cancelled] = [vi.fn<() => void>(), vi.fn<() => void>()];
  systemClock.after(100, called);
  const cancel = systemClock.after(100, cancelled);
  vi.advanceTimersByTime(99);
  expect(called).not.toHaveBeenCalled();
  cancel();
  vi.advanceTimersByTime(1_000);
  expect(called).toHaveBeenCalledTimes(1);
  expect(cancelled).not.toHaveBeenCalled();
});

test("after waits longer than one timer can, and for ever", () => {
  const [long, never, cancelled] = [vi.fn<() => void>(), vi.fn<() => void>(), vi.fn<() => void>()];
  systemClock.after(60 * day, long);
  const forget = systemClock.after(Infinity, never);
  const cancel = systemClock.after(60 * day, cancelled);
  vi.advanceTimersByTime(59 * day);
  expect(long).not.toHaveBeenCalled();
  cancel();
  vi.advanceTimersByTime(day);
  expect(long).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(600 * day);
  for (const one of [never, cancelled]) expect(one).not.toHaveBeenCalled();
  forget();
  expect(vi.getTimerCount()).toBe(0);
});

test("every calls again and again until it is cancelled", () => {
  const called = vi.fn<() => void>();
  const cancel = systemClock.every(100, called);
  vi.advanceTimersByTime(350);
  expect(called).toHaveBeenCalledTimes(3);
  cancel();
  vi.advanceTimersByTime(1_000);
  expect(called).toHaveBeenCalledTimes(3);
});

test("a manual clock calls what comes due, in order and at its time", () => {
  const clock = manualClock();
  const calls: string[] = [];
  const log = (name: string) => () => void calls.push(`${name} at ${clock.monotonic()}`);
  clock.after(30, log("late"));
  clock.after(10, log("first"));
  clock.after(10, log("second"));
  clock.every(20, log("again"));
  clock.after(10, () => void clock.after(5, log("nested")));
  clock.after(15, log("cancelled"))();
  clock.advance(9);
  expect(calls).toEqual([]);
  clock.advance(31);
  expect(calls).toEqual(["first at 10", "second at 10", "nested at 15", "again at 20", "late at 30", "again at 40"]);
  clock.advance(0);
  expect(calls).toHaveLength(6);
});

test("a manual clock's wall time moves with it, and jumps alone", () => {
  const clock = manualClock(1_000);
  const called = vi.fn<() => void>();
  clock.after(100, called);
  clock.advance(50);
  clock.jump(-10_000);
  expect([clock.now(), clock.monotonic()]).toEqual([-8_950, 50]);
  expect(called).not.toHaveBeenCalled();
  clock.advance(50);
  expect([clock.now(), clock.monotonic()]).toEqual([-8_900, 100]);
  expect(called).toHaveBeenCalledTimes(1);
});
