import fc from "fast-check";
import { expect, it } from "vitest";
import type { LoggedEvent } from "../../src/index.ts";
import { PackedLog } from "../../src/memory/packed-log.ts";

const text = fc.string({ unit: "binary", maxLength: 20 });
const meta = { openai: { signature: "s" } };

/** Makes an event that stands where its offset and the number of texts before it say, or tells of a place that is not its own. */
const event = fc.oneof(
  { weight: 6, arbitrary: text.map((said) => (index: number) => ({ type: "text", text: said, index })) },
  { weight: 1, arbitrary: text.map((said) => (index: number) => ({ type: "text", text: said, index, meta })) },
  {
    weight: 1,
    arbitrary: fc.nat(9).map((by) => (index: number) => ({ type: "text", text: "far", index: index + by })),
  },
  { weight: 1, arbitrary: text.map((said) => () => ({ type: "reasoning", text: said })) },
  { weight: 1, arbitrary: text.map((id) => () => ({ type: "tool-call", id, name: "f", input: { a: 1 } })) },
  { weight: 1, arbitrary: fc.constant(() => ({ type: "end", status: "complete" })) },
);

const log = fc.array(event, { maxLength: 40 }).map((makers) => {
  let index = 0;
  return makers.map((make, at) => {
    const made = { ...make(index), offset: at + 1 } as LoggedEvent;
    if (made.type === "text") index = made.index + 1;
    return made;
  });
});

it("gives back what it was made of", () => {
  const property = fc.property(log, (events) => {
    expect(new PackedLog(events).events()).toEqual(events);
  });
  fc.assert(property);
});
