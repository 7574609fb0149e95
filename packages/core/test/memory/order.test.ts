import { expect, test } from "vitest";
import { memory } from "../../src/index.ts";
import { manualClock } from "../../src/testing/index.ts";
import { key, said, wide } from "./samples.ts";

test("updatedAt never goes back, and the list stays in the order of updates, when the wall clock is set back", async () => {
  const clock = manualClock();
  const { sessions } = memory({ clock });
  const ids = ["c", "a", "b"];
  for (const id of ids) {
    await sessions.create(key(id), {});
    clock.advance(10);
  }
  clock.jump(-3_600_000);
  let latest = (await sessions.list("ada", { limit: 1 })).items[0]?.updatedAt ?? "";
  for (const [round, id] of ["a", "c", "a", "b", "a"].entries()) {
    const { updatedAt } = await sessions.append(key(id), [said(`m${round}`)]);
    expect(updatedAt > latest, `${updatedAt} after ${latest}`).toBe(true);
    latest = updatedAt;
    const [first] = (await sessions.list("ada", { limit: 3 })).items;
    expect(first?.id).toBe(id);
  }
  expect((await sessions.list("ada", { limit: 3 })).items.map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

test("updatedAt is the wall clock's time again once that has caught up", async () => {
  const clock = manualClock();
  const { sessions } = memory({ clock });
  await sessions.create(key("a"), {});
  clock.jump(-60_000);
  clock.advance(60_001);
  const session = await sessions.update(key("a"), { title: "A title" });
  expect(session?.updatedAt).toBe(new Date(clock.now()).toISOString());
});

test("owners do not move each other's clocks", async () => {
  const clock = manualClock();
  const { sessions } = memory({ clock });
  await sessions.create(key("a"), {});
  clock.jump(-60_000);
  const session = await sessions.create(key("a", "eve"), {});
  expect(session.updatedAt).toBe(new Date(clock.now()).toISOString());
});

test("what was handed out does not change", async () => {
  const { sessions } = memory({ clock: manualClock() });
  const opened = await sessions.open(key("a"), { append: [said("m1")], window: wide });
  const before = structuredClone(opened);
  await sessions.open(key("a"), { append: [said("m2")], window: wide });
  await sessions.update(key("a"), { title: "A title" });
  expect(opened).toEqual(before);
});
