import { toPieces } from "./pieces.ts";

/** Token types of the format. */
const kind = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;

export interface Token {
  readonly text: string;
  readonly type: number;
}

/** What the model can say: pieces as token ids, one after the other. */
export interface Story {
  readonly pieces: readonly number[];
  /** The token that brings it about; absent: nothing did. */
  readonly topic?: number;
}

export interface Vocabulary {
  readonly tokens: readonly Token[];
  /** The first one is told when no topic comes up. */
  readonly stories: readonly Story[];
  /** What it says when its context is not what it was when the answer began. */
  readonly confused: number | undefined;
  /** The bytes that JSON is made of, what ends something first. */
  readonly bytes: readonly number[];
  readonly begin: number;
  readonly end: number;
  readonly unknown: number;
}

/** A value ends as soon as it may; a name or a word goes on with the first letter that is left, a line ends last. */
const shortestJson = `"}]:,ntfabcdeghijklmopqrsuvwxyz_0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ.{[ \n`;

export const confusion = " [the context changed under way]";

/**
 * A byte for whatever text may come, a token per piece of what it says, and a token per topic. Pieces are "user defined" tokens, which
 * llama.cpp finds in a text before anything else: an answer that comes back as history has the same tokens again.
 */
export function toVocabulary(text: string, answers: Readonly<Record<string, string>>): Vocabulary {
  const tokens: Token[] = [
    { text: "<unk>", type: kind.unknown },
    { text: "<s>", type: kind.control },
    { text: "<|im_end|>", type: kind.control },
    { text: "<|im_start|>", type: kind.control },
    { text: "▁", type: kind.normal },
  ];
  const firstByte = tokens.length;
  for (let byte = 0; byte < 256; byte += 1) {
    tokens.push({ text: `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, type: kind.byte });
  }
  const bytes = Array.from(shortestJson, (character) => firstByte + character.charCodeAt(0));
  const taken = new Set(tokens.map((token) => token.text));
  const add = (piece: string) => tokens.push({ text: piece, type: kind.userDefined }) - 1;

  const topics = Object.keys(answers);
  const told = [text, ...Object.values(answers)];
  for (const topic of topics) {
    if (topic === "" || [...told, confusion, "system user assistant"].some((said) => said.includes(topic)))
      throw new Error("A topic must be a word that neither an answer nor a role's name holds.");
    taken.add(topic);
  }
  const stories = told.map((said, index): Story => {
    const pieces = toPieces(said, taken).map(add);
    const topic = topics[index - 1];
    return topic === undefined ? { pieces } : { pieces, topic: add(topic) };
  });
  const confused = topics.length > 0 ? add(confusion) : undefined;
  return { tokens, stories, confused, bytes, unknown: 0, begin: 1, end: 2 };
}
