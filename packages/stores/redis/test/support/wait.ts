import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";

/** What `work` gives, if it does within so many milliseconds. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      pause(ms, undefined, { signal: late.signal }).then(() => expect.fail(`no answer within ${ms} ms`)),
    ]);
  } finally {
    late.abort();
  }
}

/** Asks again and again until the answer is as wanted. */
export async function until<T>(ask: () => Promise<T> | T, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await pause(10);
  }
}
