import { expect, test } from "vitest";
import { memory } from "../../src/index.ts";

/** Once this resolves, everything published before has been delivered. */
const delivered = () => new Promise<void>((resolve) => setImmediate(resolve));

test("who subscribes while a payload is delivered hears the next one", async () => {
  const { bus } = memory();
  const heard: string[] = [];
  await bus.subscribe("topic", (payload) => {
    heard.push(payload);
    if (payload === "first") void bus.subscribe("topic", (later) => void heard.push(`new: ${later}`));
  });
  await bus.publish("topic", "first");
  await delivered();
  expect(heard).toEqual(["first"]);
  await bus.publish("topic", "second");
  await delivered();
  expect(heard).toEqual(["first", "second", "new: second"]);
});

test("who is unsubscribed by a listener before it hears no more", async () => {
  const { bus } = memory();
  const heard: string[] = [];
  const ends: (() => void)[] = [];
  await bus.subscribe("topic", () => {
    heard.push("first");
    for (const end of ends) end();
  });
  ends.push(await bus.subscribe("topic", () => void heard.push("second")));
  await bus.publish("topic", "payload");
  await delivered();
  expect(heard).toEqual(["first"]);
});

test("the same listener may subscribe twice, and each subscription ends by itself", async () => {
  const { bus } = memory();
  let calls = 0;
  const listener = () => void (calls += 1);
  const end = await bus.subscribe("topic", listener);
  await bus.subscribe("topic", listener);
  await bus.publish("topic", "");
  await delivered();
  expect(calls).toBe(2);
  end();
  end();
  await bus.publish("topic", "");
  await delivered();
  expect(calls).toBe(3);
});
