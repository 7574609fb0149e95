import type { Clock } from "./contracts/index.ts";

/** `setTimeout` fires at once when asked for more. */
const longestTimeout = 2 ** 31 - 1;

/** The real time. `after(Infinity)` never calls; what `every` repeats does not keep a Node process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (left: number) => {
      const step = Math.min(left, longestTimeout);
      timer = setTimeout(() => (left > step ? arm(left - step) : callback()), step);
    };
    arm(ms);
    return () => clearTimeout(timer);
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    // Browsers and workers give a number, which has nothing to unref.
    if (typeof timer === "object") timer.unref();
    return () => clearInterval(timer);
  },
};
