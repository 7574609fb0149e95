/** A tool call's input from its JSON text: an empty one is no arguments, and what is not JSON stays the text it is. */
export function toToolInput(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
