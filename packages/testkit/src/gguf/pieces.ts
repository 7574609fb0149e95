const word = /<\/?think>|\s*(?:(?!<\/?think>)\S)+(?:\s+$)?|\s+$/g;

/**
 * A text cut into words with their leading space. Every piece becomes a token of its own, and the last token is all that the model
 * knows of where it stands. So no piece may come twice: a word that was there before takes the next one with it.
 *
 * @param taken Pieces that exist already; the new ones are added.
 */
export function toPieces(text: string, taken: Set<string>): readonly string[] {
  const pieces: string[] = [];
  let pending = "";
  for (const next of text.match(word) ?? []) {
    pending += next;
    if (taken.has(pending)) continue;
    taken.add(pending);
    pieces.push(pending);
    pending = "";
  }
  // What is left at the end joins the piece before it.
  while (pending !== "") {
    const before = pieces.pop();
    if (before === undefined) throw new Error("This text has no piece of its own: it repeats another one.");
    taken.delete(before);
    pending = before + pending;
    if (taken.has(pending)) continue;
    taken.add(pending);
    pieces.push(pending);
    pending = "";
  }
  return pieces;
}
