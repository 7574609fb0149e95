import assert from "node:assert/strict";
import type { Bus } from "@parlor/core";
import { topic } from "../topic.ts";

/** Collects what a topic says; `heard` waits until it has said this. */
async function listen(bus: Bus, name: string) {
  const payloads: string[] = [];
  let wake = () => {};
  const unsubscribe = await bus.subscribe(name, (payload) => {
    payloads.push(payload);
    wake();
  });
  const heard = async (payload: string) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      wake();
    }, 5_000);
    while (!payloads.includes(payload) && !late) await new Promise<void>((resolve) => (wake = resolve));
    clearTimeout(timer);
    assert.ok(payloads.includes(payload), "it was heard within 5 s");
  };
  return { payloads, unsubscribe, heard };
}

export const bus = topic("bus", ["bus"], {
  "all who listen hear what any node says": async ({ nodes: [one, two], unique }) => {
    const name = unique("topic");
    const listeners = [await listen(one.bus, name), await listen(one.bus, name), await listen(two.bus, name)];
    await one.bus.publish(name, "from one");
    await two.bus.publish(name, "from two");
    for (const { heard } of listeners) {
      await heard("from one");
      await heard("from two");
    }
    for (const { unsubscribe } of listeners) unsubscribe();
  },

  "a payload arrives as it was sent": async ({ bus, unique }) => {
    const name = unique("topic");
    const { heard, unsubscribe } = await listen(bus, name);
    for (const payload of ["", "a".repeat(1_000), "\u{1f600} \u2028 '\"\\ \n", '{"a":[1,null]}', "__proto__"]) {
      await bus.publish(name, payload);
      await heard(payload);
    }
    unsubscribe();
  },

  "a topic hears nothing of another": async ({ bus, unique }) => {
    const name = unique("topic");
    const one = await listen(bus, name);
    const others = [`${name}:`, `${name}*`, name.toUpperCase(), `${name}:sub`, `${name} '"`, `${name}\u{1f600}`];
    for (const other of others) {
      const { heard, payloads, unsubscribe } = await listen(bus, other);
      await bus.publish(other, "of another");
      await heard("of another");
      await bus.publish(name, other);
      await one.heard(other);
      assert.deepEqual(payloads, ["of another"]);
      unsubscribe();
    }
    assert.deepEqual(new Set(one.payloads), new Set(others));
    one.unsubscribe();
  },

  "who unsubscribed hears no more, and the others go on": async ({ bus, unique }) => {
    const name = unique("topic");
    const [left, stays] = [await listen(bus, name), await listen(bus, name)];
    await bus.publish(name, "first");
    await left.heard("first");
    left.unsubscribe();
    left.unsubscribe();
    for (const payload of ["second", "third"]) {
      await bus.publish(name, payload);
      await stays.heard(payload);
    }
    assert.deepEqual(new Set(left.payloads), new Set(["first"]));
    stays.unsubscribe();
  },

  "a listener that throws stops no other": async ({ bus, unique }) => {
    const name = unique("topic");
    const ends = [
      await bus.subscribe(name, () => {
        throw new Error("A listener's own failure.");
      }),
    ];
    const { heard, unsubscribe } = await listen(bus, name);
    for (const payload of ["first", "second"]) {
      await bus.publish(name, payload);
      await heard(payload);
    }
    for (const end of [...ends, unsubscribe]) end();
  },

  "nobody has to listen": async ({ bus, unique }) => {
    await bus.publish(unique("topic"), "to nobody");
  },

  "publishing does not call a listener before it returns": async ({ bus, unique }) => {
    const name = unique("topic");
    const { heard, payloads, unsubscribe } = await listen(bus, name);
    const published = bus.publish(name, "later");
    assert.deepEqual(payloads, [], "a listener never runs inside its publisher's call");
    await published;
    await heard("later");
    unsubscribe();
  },
});
