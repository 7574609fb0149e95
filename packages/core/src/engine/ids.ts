const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const pool = new Uint8Array(10 * 400);
let used = pool.length;

/** A UUIDv7 (RFC 9562): time-ordered, random in the rest. Random bytes are drawn for 400 ids at once. */
export function uuidv7(now: number): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const time = now.toString(16).padStart(12, "0");
  const byte = (index: number) => pool[used + index] ?? 0;
  // Joined, not added up: ids are kept, and a sum of strings keeps all its pieces.
  const id = [
    time.slice(0, 8),
    "-",
    time.slice(8),
    "-7",
    (hex[byte(0)] ?? "").slice(1),
    hex[byte(1)],
    "-",
    hex[(byte(2) & 0x3f) | 0x80],
    hex[byte(3)],
    "-",
    hex[byte(4)],
    hex[byte(5)],
    hex[byte(6)],
    hex[byte(7)],
    hex[byte(8)],
    hex[byte(9)],
  ].join("");
  used += 10;
  return id;
}
