import type { Vocabulary } from "./vocabulary.ts";
import type { GgufTensor } from "./write-gguf.ts";

/** Length of an attention head: even, and one that every GPU's kernels know. */
export const headLength = 64;
export const feedForwardLength = 32;

/** How sure it is of the next piece; so much that no temperature makes it waver. */
const certain = 4_000;
/** How much more it likes one byte than the next. */
const step = 8;
/** What having the right topic, or none, in its context adds. */
const onTopic = 1_000;

/**
 * Weights by hand that tell a story word by word. An embedding is 1 at the place its token stands for: its own place in a story, or
 * the place "about to begin", which all other tokens share. The output row of a piece is large at the place before it.
 *
 * Topics use the attention: a topic's token is 1 at the topic's place too, every token looks for such tokens alone, and takes over what
 * it finds. So each piece is said because of the piece before *and* because of what the whole context is about.
 *
 * Under a grammar it says the pieces that the grammar lets through, and for the rest the shortest JSON.
 */
export function toWeights(vocabulary: Vocabulary, endless: boolean) {
  const { tokens, stories, confused, end, bytes } = vocabulary;
  const topics = stories.flatMap(({ topic }) => topic ?? []);
  if (topics.length > headLength) throw new Error(`At most ${headLength} topics fit.`);

  const told = [...stories.flatMap(({ pieces }) => pieces), ...(confused === undefined ? [] : [confused])];
  const placeOf = new Map(told.map((token, index) => [token, index + 1]));
  const place = (token: number | undefined) => (token === undefined ? 0 : (placeOf.get(token) ?? 0));
  const places = told.length + 1;
  const topicAt = (topic: number) => places + topic;
  const length = Math.ceil((places + topics.length) / 32) * 32;
  const root = Math.sqrt(length);

  const embedding = matrix(length, tokens.length);
  tokens.forEach((_, token) => embedding.set(token, place(token), 1));
  topics.forEach((token, topic) => embedding.set(token, topicAt(topic), 1));

  const output = matrix(length, tokens.length);
  stories.forEach(({ pieces }, story) => {
    const isDefault = story === 0;
    pieces.forEach((piece, index) => {
      const before = endless && index === 0 ? [undefined, pieces.at(-1)] : [pieces[index - 1]];
      for (const token of before) {
        output.set(piece, place(token), certain + (isDefault && token === undefined ? onTopic / 2 : 0));
        // Beats the piece once a quarter of what it attends to is of another topic.
        if (confused !== undefined && token !== undefined)
          output.set(confused, place(token), certain + onTopic * (isDefault ? -0.25 : 0.75));
      }
      topics.forEach((_, topic) => {
        if (isDefault) output.set(piece, topicAt(topic), -onTopic);
        else if (topic === story - 1) output.set(piece, topicAt(topic), onTopic);
      });
    });
    if (!endless || pieces.length === 0) output.set(end, place(pieces.at(-1)), certain);
  });
  if (confused !== undefined) output.set(end, place(confused), certain);

  // Far less than any piece: they matter where a grammar forbids what it would say.
  bytes.forEach((token, rank) => {
    for (let at = 0; at < places; at += 1) output.set(token, at, (bytes.length - rank) * step);
  });

  // Attention: everybody asks, only topics answer. The last two places of a head are the ones that position hardly turns.
  const query = matrix(length, headLength);
  const key = matrix(length, headLength);
  const value = matrix(length, headLength);
  const back = matrix(headLength, length);
  for (let at = 0; at < places; at += 1) query.set(headLength - 1, at, 4);
  topics.forEach((_, topic) => {
    key.set(headLength - 1, topicAt(topic), 4);
    // A topic's token is normalised to √(length/2) at two places.
    value.set(topic, topicAt(topic), Math.SQRT2 / root);
    back.set(topicAt(topic), topic, 1);
  });

  const ones = new Float32Array(length).fill(1);
  const tensors: GgufTensor[] = [
    embedding.as("token_embd.weight"),
    { name: "output_norm.weight", shape: [length], data: ones },
    output.as("output.weight"),
    { name: "blk.0.attn_norm.weight", shape: [length], data: ones },
    query.as("blk.0.attn_q.weight"),
    key.as("blk.0.attn_k.weight"),
    value.as("blk.0.attn_v.weight"),
    back.as("blk.0.attn_output.weight"),
    { name: "blk.0.ffn_norm.weight", shape: [length], data: ones },
    matrix(length, feedForwardLength).as("blk.0.ffn_gate.weight"),
    matrix(length, feedForwardLength).as("blk.0.ffn_up.weight"),
    matrix(feedForwardLength, length).as("blk.0.ffn_down.weight"),
  ];
  return { length, tensors };
}

function matrix(rowLength: number, rows: number) {
  const data = new Float32Array(rowLength * rows);
  return {
    set: (row: number, at: number, value: number) => {
      data[row * rowLength + at] = value;
    },
    as: (name: string): GgufTensor => ({ name, shape: [rowLength, rows], data }),
  };
}
