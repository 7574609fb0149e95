import type { Random } from "./draw.ts";

/** Text that some store, driver or encoding cannot take as it is. */
const odd: readonly [string, ...string[]] = [
  "a\0b\0",
  "\ud800 and \udc00, \udfff\ud800",
  "half \ud83d",
  "\u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u{10ffff}",
  "a\u2028b\u2029c\u0085d\r\n\re\n",
  "\\u0000 \\ud800 \\x00 %00 $1 ${x}",
  `'"\`; DROP TABLE sessions; -- /* */`,
  "\u00e9 e\u0301 \ufeff\uffff\ufffd",
];

export const oddText = (random: Random): string => random.one(odd);
