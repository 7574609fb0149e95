import { collect, readEvents } from "@parlor/testkit/http";
import { expect, test } from "vitest";
import { eventFormat, eventWithoutId, heartbeat, position } from "../src/stream/sse-encode.ts";

async function read(...records: readonly string[]) {
  return collect(readEvents(new Blob([records.join("")]).stream()));
}

const encode = ({ start, middle, end }: ReturnType<typeof eventFormat>, offset: number, data: string) =>
  start + offset + middle + data + end;

test("an event has name, id and one line of data", () => {
  expect(encode(eventFormat("t1", "chunk"), 7, '{"a":1}')).toBe('event: chunk\nid: t1:7\ndata: {"a":1}\n\n');
  expect(encode(eventFormat("t1"), 7, "x")).toBe("id: t1:7\ndata: x\n\n");
});

test("the position and the heartbeat are no events; the position's id counts", async () => {
  expect(position("t1", 0, 1234.5)).toBe("retry: 1235\nid: t1:0\n\n");
  expect(await read(position("t1", 3, 1000), heartbeat, eventWithoutId("error", "{}"))).toEqual([
    { event: "error", id: "t1:3", data: "{}" },
  ]);
});

test("T26: ids and names cannot begin a field", async () => {
  const evil = "a\r\nb\nc\rd\0e\n\ndata: forged\n\n";
  const events = await read(
    encode(eventFormat(evil, evil), 1, "true"),
    position(evil, 0, 1),
    eventWithoutId(evil, "x"),
  );
  expect(events).toHaveLength(2);
  expect(events[0]).toEqual({ event: "abcdedata: forged", id: "abcdedata: forged:1", data: "true" });
});

test("T26: any JSON is one line", async () => {
  const text = "\r\n\r\nevent: x\u2028\u2029\u0000\ud800";
  const events = await read(encode(eventFormat("t1"), 1, JSON.stringify(text)));
  expect(JSON.parse(events[0]?.data ?? "")).toBe(text);
});
