const digits = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
/** The id being made: its characters, and where each of its 16 bytes stands among them. */
const codes = Array.from("00000000-0000-7000-8000-000000000000", (character) => character.charCodeAt(0));
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

const pool = new Uint8Array(10 * 400);
let used = pool.length;

/** A UUIDv7 (RFC 9562): time-ordered, random in the rest. Random bytes are drawn for 400 ids at once. */
export function uuidv7(now: number): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  for (let at = 5, left = now; at >= 0; at -= 1) {
    write(at, left % 256);
    left = Math.floor(left / 256);
  }
  for (let at = 6; at < 16; at += 1) {
    const byte = pool[used++] ?? 0;
    write(at, at === 6 ? 0x70 | (byte & 0x0f) : at === 8 ? 0x80 | (byte & 0x3f) : byte);
  }
  // One string, not a sum of strings: ids are kept, and a sum keeps all its pieces.
  return String.fromCharCode(...codes);
}

function write(at: number, byte: number): void {
  const place = places[at] ?? 0;
  codes[place] = digits[byte >> 4] ?? 0;
  codes[place + 1] = digits[byte & 15] ?? 0;
}
