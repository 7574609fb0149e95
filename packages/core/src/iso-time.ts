let second = Number.NaN;
/** The characters of that second's time, and of the last one asked for. */
let codes: number[] = [];
const zero = "0".charCodeAt(0);

/** What `Date.toISOString` gives for these milliseconds since 1970, at a fifth of its cost: most of it is made once a second. */
export function isoTime(ms: number): string {
  const now = Math.floor(ms / 1000);
  if (now !== second) {
    second = now;
    codes = Array.from(new Date(now * 1000).toISOString(), (character) => character.charCodeAt(0));
  }
  const rest = Math.floor(ms - now * 1000);
  codes[20] = zero + Math.floor(rest / 100);
  codes[21] = zero + (Math.floor(rest / 10) % 10);
  codes[22] = zero + (rest % 10);
  // One string, not a sum of strings: times are kept, and a sum keeps all its pieces.
  return String.fromCharCode(...codes);
}
