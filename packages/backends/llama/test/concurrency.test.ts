import type { ModelBackend } from "@parlor/core";
import { beforeAll, describe, expect, it } from "vitest";
import { ask, assistant, load, user } from "./support.ts";

const answers = {
  apples: "They are red or green, and the best of them are both at once.",
  bridges: "Some hang, some stand, and one in Venice sighs all day long.",
  clouds: "White sheep without a shepherd, going nowhere in a hurry.",
} as const;
const topics = Object.keys(answers) as (keyof typeof answers)[];
const topicOf = (index: number) => topics[index % topics.length] as keyof typeof answers;

describe("eight conversations on two sequences", () => {
  let model: ModelBackend;
  beforeAll(async () => {
    model = await load({ answers, text: "I know nothing of that." }, { sequences: 2 });
  });

  it("are told from each other by the model, which notices a context that is not its own", async () => {
    expect((await ask(model, "What of trains?")).text).toBe("I know nothing of that.");
    expect((await ask(model, "What of apples?")).text).toBe(answers.apples);
    expect((await ask(model, "What of apples and bridges?")).text).toContain("[the context changed under way]");
  });

  it("all get their own answer", async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ask(model, `${index}: tell me of ${topicOf(index)}!`)),
    );

    expect(all.map(({ text }) => text)).toEqual(all.map((_, index) => answers[topicOf(index)]));
    expect(all.every(({ finish }) => finish === "stop")).toBe(true);
  });

  it("go on for three turns each without a word from another", async () => {
    const converse = async (index: number) => {
      const topic = topicOf(index);
      const history = [user(`This is about ${topic}.`)];
      for (let turn = 0; turn < 3; turn += 1) {
        const { text } = await ask(model, history);
        expect(text).toBe(answers[topic]);
        history.push(assistant(text), user(`And what more, ${index}?`));
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => converse(index)));
  });

  it("finish in the order of asking when they take turns", async () => {
    const single = await load({ answers, text: "Done." }, { sequences: 1 });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        await ask(single, `Number ${index}`);
        order.push(index);
      }),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it("stay apart when others are stopped in the middle", async () => {
    const kept = Array.from({ length: 6 }, async (_, index) => {
      const stop = new AbortController();
      if (index % 2 === 1) {
        for await (const _batch of model.generate({ messages: [user("apples apples")], settings: {} }, stop.signal))
          break;
        return;
      }
      expect((await ask(model, `clouds, ${index}`)).text).toBe(answers.clouds);
    });
    await Promise.all(kept);
  });
});

it("two models at once answer for themselves", async () => {
  const [one, two] = await Promise.all([load({ text: "I am one." }), load({ text: "I am two, and longer." })]);
  const asked = await Promise.all([ask(one, "?"), ask(two, "?"), ask(one, "?"), ask(two, "?")]);

  expect(asked.map(({ text }) => text)).toEqual([
    "I am one.",
    "I am two, and longer.",
    "I am one.",
    "I am two, and longer.",
  ]);
  await one.close();
  expect((await ask(two, "Still there?")).text).toBe("I am two, and longer.");
});
