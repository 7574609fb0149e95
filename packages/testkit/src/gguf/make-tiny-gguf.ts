import { toVocabulary } from "./vocabulary.ts";
import { feedForwardLength, headLength, toWeights } from "./weights.ts";
import { type GgufValue, writeGguf } from "./write-gguf.ts";

/** What the model of the quick start says, whatever it is asked. */
export const demoText =
  "Hello! I am Parlor's demo model: a tiny language model that this server made by itself and runs in llama.cpp, word by word. " +
  "These words are all I can say. To talk to a real model, set MODEL_PATH=/path/to/model.gguf or OPENAI_API_KEY=... and start again.";

const endlessText = "On and on it goes, round and round, and never comes to an end. ";

export interface TinyGgufOptions {
  /**
   * What it says, word by word, whatever it is asked, and then ends. Default: {@link demoText}. The file grows with the square of the
   * number of words: 0.2 MB for 50, 10 MB for 1,000.
   */
  readonly text?: string;
  /** Says its text again and again and never ends. Default false. */
  readonly endless?: boolean;
  /**
   * What it says instead once a word, the key, stands in the conversation. Of two such words the more frequent one wins. An answer
   * breaks off with a remark in brackets when the context changes while it is given, so answers that got mixed show.
   */
  readonly answers?: Readonly<Record<string, string>>;
  /** Thinks this before it speaks, between `<think>` and `</think>`. */
  readonly reasoning?: string;
  /** Tokens; default 4,096. */
  readonly contextLength?: number;
  /** In the metadata; default "parlor-demo". */
  readonly name?: string;
}

/**
 * A GGUF file with a one-layer llama model whose vocabulary and weights are made by hand: real inference, known words, at any
 * temperature. For tests, and for a first start without a key.
 */
export function makeTinyGguf(options: TinyGgufOptions = {}): Uint8Array<ArrayBuffer> {
  const { endless = false, answers = {}, reasoning, contextLength = 4_096, name = "parlor-demo" } = options;
  const text = options.text ?? (endless ? endlessText : demoText);
  const thought = reasoning === undefined ? "" : `<think>${reasoning}</think>`;
  const vocabulary = toVocabulary(thought + text, answers);
  const { length, tensors } = toWeights(vocabulary, endless);
  const { tokens, begin, end, unknown } = vocabulary;
  return writeGguf(
    {
      "general.architecture": string("llama"),
      "general.name": string(name),
      "general.file_type": uint32(0),
      "llama.vocab_size": uint32(tokens.length),
      "llama.context_length": uint32(contextLength),
      "llama.embedding_length": uint32(length),
      "llama.block_count": uint32(1),
      "llama.feed_forward_length": uint32(feedForwardLength),
      "llama.attention.head_count": uint32(1),
      "llama.attention.head_count_kv": uint32(1),
      "llama.attention.key_length": uint32(headLength),
      "llama.attention.value_length": uint32(headLength),
      "llama.attention.layer_norm_rms_epsilon": { type: "float32", value: 1e-6 },
      "llama.rope.dimension_count": uint32(headLength),
      "llama.rope.freq_base": { type: "float32", value: 1e9 },
      "tokenizer.ggml.model": string("llama"),
      "tokenizer.ggml.tokens": { type: "strings", value: tokens.map((token) => token.text) },
      "tokenizer.ggml.scores": { type: "float32s", value: tokens.map(() => 0) },
      "tokenizer.ggml.token_type": { type: "int32s", value: tokens.map((token) => token.type) },
      "tokenizer.ggml.bos_token_id": uint32(begin),
      "tokenizer.ggml.eos_token_id": uint32(end),
      "tokenizer.ggml.unknown_token_id": uint32(unknown),
      "tokenizer.ggml.add_bos_token": { type: "bool", value: true },
      "tokenizer.ggml.add_space_prefix": { type: "bool", value: false },
      "tokenizer.chat_template": string(reasoning === undefined ? plain : thinking),
    },
    tensors,
  );
}

const string = (value: string): GgufValue => ({ type: "string", value });
const uint32 = (value: number): GgufValue => ({ type: "uint32", value });

/** ChatML. */
const plain =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** Unlike ChatML in one line end: a library that takes it for ChatML would not look for thoughts. */
const thinking =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}" +
  "{% if message['reasoning_content'] %}{{ '<think>' + message['reasoning_content'] + '</think>' }}{% endif %}" +
  "{{ message['content'] + '<|im_end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
