let second = Number.NaN;
let untilSecond = "";

/** What `Date.toISOString` gives for these milliseconds since 1970, at a tenth of its cost: it is made once a second. */
export function isoTime(ms: number): string {
  const now = Math.floor(ms / 1000);
  if (now !== second) {
    second = now;
    untilSecond = new Date(now * 1000).toISOString().slice(0, -4);
  }
  return `${untilSecond}${String(Math.floor(ms - now * 1000)).padStart(3, "0")}Z`;
}
