import { vi } from "vitest";

/** The longest array that `work` adds to or takes from in the middle, which moves all that comes after. */
export async function longestSpliced(work: () => Promise<void> | void): Promise<number> {
  let longest = 0;
  const { splice } = Array.prototype;
  const spy = vi.spyOn(Array.prototype, "splice").mockImplementation(function (this: unknown[], ...args: [number]) {
    longest = Math.max(longest, this.length);
    return Reflect.apply(splice, this, args) as unknown[];
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return longest;
}
