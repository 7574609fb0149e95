import { ChatError, type Reader, type Turn, type TurnEvent } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { expect, test } from "vitest";
import type { Sink } from "../src/index.ts";
import { follow } from "../src/stream/follow.ts";
import { Heartbeats } from "../src/stream/heartbeats.ts";
import { SharedTimeout } from "../src/shared-timeout.ts";

const text = (offset: number): TurnEvent => ({ type: "text", offset, index: offset - 1, text: `${offset} ` });
const end = (offset: number): TurnEvent => ({ type: "end", offset, status: "complete" });

/** One stream over a turn and a sink that the test plays. */
function scene(first: readonly TurnEvent[] = []) {
  const clock = manualClock();
  const sent: string[] = [];
  const subscriptions: { after: number; reader: Reader; open: boolean }[] = [];
  const state = { flowing: true, drain: () => {} };
  const sink: Sink = {
    write: (chunk) => (sent.push(chunk), state.flowing),
    onDrain: (callback) => void (state.drain = callback),
    end: () => void sent.push("END"),
    abort: () => void sent.push("ABORT"),
  };
  const turn = {
    subscribe(after: number, reader: Reader) {
      const subscription = { after, reader, open: true };
      subscriptions.push(subscription);
      return () => void (subscription.open = false);
    },
  } as unknown as Turn;
  const frames = {
    batch: (events: readonly TurnEvent[]) => events.map((event) => (event.type === "text" ? event.text : ".")).join(""),
    failure: (error: ChatError) => error.code,
  };
  const heartbeats = new Heartbeats(clock, 15_000);
  const start = { events: first, after: first.at(-1)?.offset ?? 0 };
  const close = follow(turn, start, frames, { stalls: new SharedTimeout(clock, 30_000), prelude: "> ", heartbeats })(
    sink,
  );
  const give = (...events: TurnEvent[]) => subscriptions.at(-1)!.reader.onBatch(events);
  return { clock, sent, subscriptions, state, close, give };
}

test("the first events go out with the prelude in one write, later ones batch by batch", () => {
  const { sent, give, subscriptions } = scene([text(1), text(2)]);
  expect(subscriptions.map(({ after }) => after)).toEqual([2]);
  expect(give(text(3))).toBe(true);
  expect(give(text(4), end(5))).toBe(false);
  expect(sent).toEqual(["> 1 2 ", "3 ", "4 .", "END"]);
});

test("a reader that falls behind is left until it drains, then served from where it stood", () => {
  const { sent, give, state, subscriptions } = scene();
  state.flowing = false;
  expect(give(text(1), text(2))).toBe(false);
  state.flowing = true;
  state.drain();
  expect(subscriptions.map(({ after }) => after)).toEqual([0, 2]);
  state.drain();
  expect(subscriptions).toHaveLength(2);
  give(text(3));
  expect(sent).toEqual(["> ", "1 2 ", "3 "]);
});

test("one that does not drain is cut; one that drains in time is not", () => {
  const slow = scene();
  slow.state.flowing = false;
  slow.give(text(1));
  slow.clock.advance(29_999);
  slow.state.flowing = true;
  slow.state.drain();
  slow.clock.advance(30_000);
  expect(slow.sent).not.toContain("ABORT");

  const stuck = scene();
  stuck.state.flowing = false;
  stuck.give(text(1));
  stuck.clock.advance(30_000);
  expect(stuck.sent.at(-1)).toBe("ABORT");
});

test("one that does not take the end is cut too, unless it closes", () => {
  const stuck = scene();
  stuck.give(end(1));
  stuck.clock.advance(30_000);
  expect(stuck.sent).toEqual(["> ", ".", "END", "ABORT"]);

  const closed = scene();
  closed.give(end(1));
  closed.close();
  closed.clock.advance(30_000);
  expect(closed.sent).toEqual(["> ", ".", "END"]);
});

test("silence is filled before the heartbeat's time is over, talk is not interrupted", () => {
  const { sent, give, clock } = scene();
  for (let second = 0; second < 15; second += 1) {
    clock.advance(1_000);
    give(text(second + 1));
  }
  expect(sent.filter((chunk) => chunk.startsWith(":"))).toEqual([]);
  clock.advance(15_000);
  expect(sent.at(-1)).toBe(":\n\n");
});

test("a heartbeat that does not go through counts as falling behind", () => {
  const { sent, state, clock, subscriptions } = scene();
  state.flowing = false;
  clock.advance(15_000);
  expect(sent).toEqual(["> ", ":\n\n"]);
  expect(subscriptions[0]?.open).toBe(false);
  clock.advance(30_000);
  expect(sent.at(-1)).toBe("ABORT");
});

test("reading that breaks off is told and ends; so does an end that was seen already", () => {
  const broken = scene();
  broken.subscriptions[0]?.reader.onError?.(new ChatError("store_unavailable", "Down."));
  expect(broken.sent).toEqual(["> ", "store_unavailable", "END"]);
  const over = scene();
  expect(over.give()).toBe(false);
  expect(over.sent).toEqual(["> ", "END"]);
});

test("a reader that leaves is forgotten: no write, no timer", () => {
  const { sent, close, clock, give, subscriptions } = scene();
  close();
  expect(subscriptions[0]?.open).toBe(false);
  expect(give(text(1))).toBe(false);
  clock.advance(60_000);
  expect(sent).toEqual(["> "]);
});
