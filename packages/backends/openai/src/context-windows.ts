/**
 * Context windows of known models, in tokens, as of 2026-11-21. The first prefix that fits counts; a provider's own prefix
 * (`openai/…`) is ignored.
 */
const windows: readonly (readonly [prefix: RegExp, tokens: number])[] = [
  [/^gpt-5(\.\d)?-chat/, 128_000],
  [/^gpt-5\.[4-9]-(mini|nano)/, 400_000],
  [/^gpt-6|^gpt-5\.[4-9]/, 1_050_000],
  [/^gpt-5/, 400_000],
  [/^gpt-4\.1/, 1_047_576],
  [/^gpt-4o|^chatgpt-4o|^gpt-4-turbo|^gpt-4-\d+-preview/, 128_000],
  [/^gpt-4-32k/, 32_768],
  [/^gpt-4/, 8192],
  [/^gpt-3\.5/, 16_385],
  [/^o1-(mini|preview)/, 128_000],
  [/^o\d/, 200_000],
  [/^gpt-oss/, 131_072],
  [/^minimax-m2/, 204_800],
  [/^minimax-(m[13]|text-01)/, 1_000_000],
];

export function contextWindowOf(model: string): number {
  const bare = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  return windows.find(([prefix]) => prefix.test(bare))?.[1] ?? 128_000;
}
