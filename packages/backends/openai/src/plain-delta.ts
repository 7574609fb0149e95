import type { Chunk, Delta } from "./chunk.ts";

const fields = ["content", "reasoning_content", "reasoning"] as const;
type Field = (typeof fields)[number];

/** The one thing that a chunk says. */
export interface Plain {
  readonly field: Field;
  readonly text: string;
}

/** Templates that fit fewer chunks than this were not worth learning; after so many of those nothing is learnt. */
const worthwhile = 8;
/** Not plain: an escape, or what JSON does not allow in a string. */
// oxlint-disable-next-line no-control-regex
const special = /[\\\u0000-\u001f]/;

/**
 * Most chunks of a stream differ in one string alone: their text (and OpenAI's padding, `obfuscation`). From one that was parsed
 * this learns what stands before and after that string. Where all of that is the same again, the string between is the text, and
 * JSON.parse, half of all a token costs, has nothing to tell. What has an escape in it is parsed.
 */
export class PlainDelta {
  #field: Field = "content";
  #before = "";
  /** From the text's closing quote to the end, or to the opening quote of the padding. */
  #after = "";
  /** From the closing quote of the padding; empty: there is none. */
  #tail = "";
  #fitted = 0;
  #futile = 0;

  /** What this chunk says, if it fits what was learnt. */
  match(data: string): Plain | undefined {
    const start = this.#before.length;
    // Comparing slices is one memcmp; startsWith goes character by character.
    if (start === 0 || data.slice(0, start) !== this.#before) return undefined;
    const end = data.indexOf('"', start);
    const next = end + this.#after.length;
    if (end === -1 || data.slice(end, next) !== this.#after) return undefined;
    if (this.#tail === "") {
      if (next !== data.length) return undefined;
    } else {
      const close = data.indexOf('"', next);
      if (close === -1 || data.slice(close) !== this.#tail || special.test(data.slice(next, close))) return undefined;
    }
    const text = data.slice(start, end);
    if (special.test(text)) return undefined;
    this.#fitted++;
    // A slice of 13 characters or more is a view for V8, which keeps the whole read in memory; parsing makes a string of its own.
    const own = text.length < 13 ? text : (JSON.parse(data.slice(start - 1, end + 1)) as string);
    return { field: this.#field, text: own };
  }

  /** Learns from a chunk that did not fit, if it says one thing only. */
  learn(data: string, chunk: Chunk): void {
    const plain = this.#futile < worthwhile ? plainOf(chunk) : undefined;
    if (plain === undefined) return;
    const { field, text } = plain;
    const start = startOf(field, data);
    if (start === undefined || special.test(text)) return;
    const rest = data.slice(start + text.length);
    const padding = typeof chunk.obfuscation === "string" ? /"obfuscation"\s*:\s*"(?=[^"\\]*"[^"]*$)/.exec(rest) : null;
    const before = data.slice(0, start);
    const after = padding === null ? rest : rest.slice(0, padding.index + padding[0].length);
    const tail = padding === null ? "" : rest.slice(rest.indexOf('"', after.length));
    if (!proves(field, before, after, tail)) return;

    this.#futile = this.#fitted < worthwhile ? this.#futile + 1 : 0;
    this.#fitted = 0;
    [this.#field, this.#before, this.#after, this.#tail] = [field, before, after, tail];
  }
}

/** Where its text begins, most probably. */
function startOf(field: Field, data: string): number | undefined {
  const tight = `"${field}":"`;
  const at = data.indexOf(tight);
  if (at >= 0) return at + tight.length;
  // Some services put spaces around their colons.
  const spaced = new RegExp(`"${field}"\\s*:\\s*"`).exec(data);
  return spaced ? spaced.index + spaced[0].length : undefined;
}

/** Other strings in the same places make a chunk that says the first of them and nothing else. */
function proves(field: Field, before: string, after: string, tail: string): boolean {
  try {
    const chunk = JSON.parse(`${before}first${after}${tail === "" ? "" : "second"}${tail}`) as Chunk;
    const plain = plainOf(chunk);
    return plain?.field === field && plain.text === "first" && (tail === "" || chunk.obfuscation === "second");
  } catch {
    return false;
  }
}

function plainOf(chunk: Chunk): Plain | undefined {
  const { choices, error, base_resp, x_groq, usage } = chunk;
  if (error || base_resp?.status_code || x_groq || usage || choices?.length !== 1) return undefined;
  const [choice] = choices;
  if (!choice?.delta || choice.finish_reason || (choice.index ?? 0) !== 0) return undefined;
  const { refusal, reasoning_details, tool_calls }: Delta = choice.delta;
  if (refusal || reasoning_details || tool_calls) return undefined;
  let said: Plain | undefined;
  for (const field of fields) {
    const text: unknown = choice.delta[field];
    if (!text) continue;
    if (said !== undefined || typeof text !== "string") return undefined;
    said = { field, text };
  }
  return said;
}
