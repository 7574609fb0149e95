/** Thrown into the library where it would drop the oldest part of a conversation without a word. */
export class ContextFull extends Error {
  override readonly name = "ContextFull";
}

export function refuseToShift(): never {
  throw new ContextFull("The context is full.");
}
