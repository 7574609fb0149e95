const opening = "<think>";
const closing = "</think>";
/** So much white space before the tag, and it is no answer that begins with a thought. */
const maxLead = 1024;

export type Say = (type: "text" | "reasoning", text: string) => void;

/** Tells a thought at the start of the content, between `<think>` tags, from the answer, however the pieces are cut. */
export class ThinkTags {
  #state: "start" | "thought" | "gap" | "answer" = "start";
  #held = "";
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  push(piece: string): void {
    if (this.#state === "answer") this.#say("text", piece);
    else if (this.#state === "thought") this.#think(this.#held + piece);
    else if (this.#state === "gap") this.#skip(piece);
    else this.#begin(this.#held + piece);
  }

  /** What was held back because it could have become a tag. */
  end(): void {
    if (this.#held !== "") this.#say(this.#state === "thought" ? "reasoning" : "text", this.#held);
    this.#held = "";
  }

  #begin(content: string): void {
    const lead = content.trimStart();
    const early = content.length - lead.length <= maxLead;
    this.#held = "";
    if (early && lead.startsWith(opening)) {
      this.#state = "thought";
      this.#think(lead.slice(opening.length));
    } else if (early && opening.startsWith(lead)) this.#held = content;
    else {
      this.#state = "answer";
      this.#say("text", content);
    }
  }

  #think(content: string): void {
    const end = content.indexOf(closing);
    const upTo = end === -1 ? content.length - openEnd(content) : end;
    if (upTo > 0) this.#say("reasoning", content.slice(0, upTo));
    this.#held = end === -1 ? content.slice(upTo) : "";
    if (end === -1) return;
    this.#state = "gap";
    this.#skip(content.slice(end + closing.length));
  }

  /** The white space between thought and answer belongs to neither. */
  #skip(content: string): void {
    const rest = content.trimStart();
    if (rest === "") return;
    this.#state = "answer";
    this.#say("text", rest);
  }
}

/** How many characters at the end could be the start of the closing tag. */
function openEnd(content: string): number {
  for (let length = Math.min(closing.length - 1, content.length); length > 0; length--) {
    if (closing.startsWith(content.slice(-length))) return length;
  }
  return 0;
}
