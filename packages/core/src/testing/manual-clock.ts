import type { Clock } from "../contracts/index.ts";

export interface ManualClock extends Clock {
  /** Moves both clocks and calls the timers that come due on the way, in order. */
  advance(ms: number): void;
  /** Sets the wall clock forward or back, as an administrator would; timers and the monotonic clock stay. */
  jump(ms: number): void;
}

interface Timer {
  due: number;
  readonly order: number;
  readonly period?: number;
  readonly callback: () => void;
}

/** A clock that moves only when told. Its wall clock starts at `start`, milliseconds since 1970; default 2026-01-01. */
export function manualClock(start: number = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0;
  let wall = start;
  let made = 0;
  const timers = new Set<Timer>();

  const add = (timer: Omit<Timer, "order">) => {
    const added = { ...timer, order: made++ };
    timers.add(added);
    return () => void timers.delete(added);
  };
  const next = (until: number) => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.due > until) continue;
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer;
    }
    return first;
  };
  const moveTo = (target: number) => {
    if (target <= elapsed) return;
    wall += target - elapsed;
    elapsed = target;
  };

  return {
    now: () => wall,
    monotonic: () => elapsed,
    after: (ms, callback) => add({ due: elapsed + Math.max(0, ms), callback }),
    // A period of zero would never let `advance` end.
    every: (ms, callback) => add({ due: elapsed + Math.max(1, ms), period: Math.max(1, ms), callback }),
    advance(ms) {
      const until = elapsed + ms;
      for (let timer = next(until); timer; timer = next(until)) {
        moveTo(timer.due);
        if (timer.period === undefined) timers.delete(timer);
        else timer.due += timer.period;
        timer.callback();
      }
      moveTo(until);
    },
    jump: (ms) => void (wall += ms),
  };
}
