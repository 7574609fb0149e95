import fc from "fast-check";
import { expect, test } from "vitest";
import { Timed, Timeline } from "../../src/memory/timeline.ts";

type Step =
  | { readonly do: "put"; readonly item: number; readonly dueAt: number }
  | { readonly do: "remove"; readonly item: number }
  | { readonly do: "take"; readonly now: number };

const item = fc.nat({ max: 7 });
const time = fc.nat({ max: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("put" as const), item, dueAt: time }),
  fc.record({ do: fc.constant("remove" as const), item }),
  fc.record({ do: fc.constant("take" as const), now: time }),
);

test("a timeline gives what is due, earliest first, and of equal times the first that was put", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const timeline = new Timeline<Timed>();
      const items = Array.from({ length: 8 }, () => new Timed());
      let listed: { readonly item: Timed; readonly dueAt: number }[] = [];
      for (const each of steps) {
        const before = listed;
        if (each.do === "take") {
          const due = before[0] && before[0].dueAt <= each.now ? before[0].item : undefined;
          expect(timeline.take(each.now)).toBe(due);
          if (due) listed = before.slice(1);
        } else {
          const it = items[each.item] as Timed;
          listed = before.filter((entry) => entry.item !== it);
          if (each.do === "remove") timeline.remove(it);
          else {
            timeline.put(it, each.dueAt);
            listed = [...listed, { item: it, dueAt: each.dueAt }].toSorted((a, b) => a.dueAt - b.dueAt);
          }
        }
        expect(timeline.size).toBe(listed.length);
        expect(timeline.first).toBe(listed[0]?.item);
      }
    }),
  );
});
