import type { NewMessage, Part, SessionInit, SessionKey, SessionPatch } from "@parlor/core";
import { said, times, wide } from "../samples.ts";
import type { Random } from "./draw.ts";
import type { Step } from "./like-memory.ts";
import { oddText } from "./texts.ts";

/** Messages are named where a call takes a seq; the storage's own is found when the step is played. */
export type SessionStep = Step &
  (
    | {
        readonly do: "open";
        readonly key: SessionKey;
        readonly init: SessionInit;
        readonly append: readonly NewMessage[];
        readonly last: number;
        readonly maxCharacters: number;
        readonly before?: string;
      }
    | { readonly do: "append"; readonly key: SessionKey; readonly append: readonly NewMessage[] }
    | {
        readonly do: "settle";
        readonly key: SessionKey;
        /** Of the streaming messages that the session was given, so many after the newest; absent: the message's id and turn. */
        readonly which?: number;
        readonly message: NewMessage;
        readonly turn: string;
        readonly supersede?: { readonly from: string; readonly to: string };
      }
    | { readonly do: "create"; readonly key: SessionKey; readonly init: SessionInit }
    | { readonly do: "update"; readonly key: SessionKey; readonly patch: SessionPatch }
    | {
        readonly do: "messages";
        readonly key: SessionKey;
        readonly limit: number;
        readonly superseded: boolean;
        readonly before?: string;
      }
    | { readonly do: "each"; readonly key: SessionKey; readonly ids: readonly string[] }
    | { readonly do: "get" | "clear" | "delete"; readonly key: SessionKey }
    | { readonly do: "list"; readonly owner: string; readonly limit: number; readonly offset: number }
    /** Of all owners where none is named. */
    | { readonly do: "stats"; readonly owner?: string }
    | { readonly do: "deleteOwner"; readonly owner: string }
  );

export const sessionOwners = ["ada", "eve", "EVE"] as const;

const often: SessionKey = { owner: "ada", id: "s" };

/** One more than the others, so that it grows long enough to be cut, paged and bounded. */
const keys: readonly [SessionKey, SessionKey, ...SessionKey[]] = [
  often,
  { owner: "ada", id: "S" },
  { owner: "ada", id: "e\u0301:%_" },
  { owner: "eve", id: "s" },
  { owner: "EVE", id: "s" },
];

const turns: readonly [string, ...string[]] = ["t1", "t1", "t1", "t2"];

/** Fewer deletions than additions, so that sessions grow. */
export function drawSession(random: Random): SessionStep {
  const key = random.chance(0.7) ? often : random.one(keys);
  const { owner } = key;
  const step = random.weighted<SessionStep>([
    [6, () => open(random, key)],
    [6, () => ({ do: "append", key, append: messages(random) })],
    [6, () => settle(random, key)],
    [1, () => ({ do: "create", key, init: fields(random) })],
    [1, () => ({ do: "update", key, patch: { ...fields(random), favorite: random.chance(0.5) } })],
    [4, () => page(random, key)],
    [3, () => ({ do: "each", key, ids: times(10, () => id(random)) })],
    [2, () => ({ do: "get", key: random.one(keys) })],
    [0.3, () => ({ do: "clear", key })],
    [0.3, () => ({ do: "delete", key })],
    [2, () => ({ do: "list", owner, limit: random.between(1, 3), offset: random.below(3) })],
    [1, () => ({ do: "stats", owner })],
    [1, () => ({ do: "stats" })],
    [0.3, () => ({ do: "deleteOwner", owner: random.one(sessionOwners) })],
  ]);
  return random.chance(0.2) ? { ...step, wait: true } : step;
}

/**
 * Steps of few sessions and messages, so that they meet. Everything of an owner may be removed step by step, so nobody counts meanwhile;
 * lists are read page by page.
 */
export function meetingSessions(random: Random): () => SessionStep {
  const counting = random.chance(0.5);
  const any = () => (random.chance(0.7) ? often : keys[1]);
  const same = random.chance(0.7) ? any() : undefined;
  const few = () => `m${random.below(4)}`;
  const made = () => {
    const more = random.chance(0.5) ? ({ role: "assistant", status: "streaming", turn: "t1" } as const) : {};
    return said(few(), `Text ${random.below(9)}`, more);
  };
  return () => {
    const key = same ?? any();
    const { owner } = key;
    const append = times(random.between(1, 2), made);
    const usage = { inputTokens: random.below(9), outputTokens: 1 };
    const settled = said(few(), "Answer", { role: "assistant", turn: "t1", meta: { usage } });
    const range = random.chance(0.5) ? { supersede: { from: few(), to: few() } } : {};
    return random.weighted<SessionStep>([
      [4, () => ({ do: "open", key, init: fields(random), append, ...wide, last: random.one([2, wide.last]) })],
      [3, () => ({ do: "append", key, append })],
      [5, () => ({ do: "settle", key, message: settled, turn: "t1", ...range })],
      [1, () => ({ do: "create", key, init: fields(random) })],
      [2, () => ({ do: "update", key, patch: { ...fields(random), favorite: random.chance(0.5) } })],
      [1, () => ({ do: "messages", key, limit: random.one([2, 80]), superseded: random.chance(0.5) })],
      [1, () => ({ do: "each", key, ids: [few()] })],
      [1, () => ({ do: "get", key })],
      [1, () => ({ do: "clear", key })],
      [1, () => ({ do: "delete", key })],
      [1, () => (counting ? { do: "stats", owner } : { do: "deleteOwner", owner })],
    ]);
  };
}

/** The last one, which may make the session, tells how many messages are being written. */
export const lookAtSessions: readonly SessionStep[] = [
  { do: "list", owner: often.owner, limit: 100, offset: 0 },
  { do: "stats", owner: often.owner },
  ...[often, keys[1]].flatMap((key): SessionStep[] => [
    { do: "messages", key, limit: 100, superseded: true },
    { do: "each", key, ids: times(4, (at) => `m${at}`) },
    { do: "open", key, init: {}, append: [], ...wide },
  ]),
];

const id = (random: Random) => `m${random.below(100)}`;

/** Absent more often, as callers mostly ask for the newest. */
const before = (random: Random) => (random.chance(0.4) ? { before: id(random) } : {});

function open(random: Random, key: SessionKey): SessionStep {
  const last = random.one([0, 1, 7, 50, wide.last, wide.last]);
  const maxCharacters = random.one([random.below(500), 20_000, wide.maxCharacters, wide.maxCharacters]);
  return { do: "open", key, init: fields(random), append: messages(random), last, maxCharacters, ...before(random) };
}

function settle(random: Random, key: SessionKey): SessionStep {
  const status = random.one(["complete", "complete", "interrupted", "failed", "superseded"]);
  const usage = { inputTokens: random.below(9), outputTokens: random.below(9), cachedInputTokens: 1 };
  const made = message(random, random.chance(0.1) ? "user" : "assistant", status);
  const settled = random.chance(0.7) ? { ...made, meta: { usage, finishReason: "stop" as const } } : made;
  const step = { do: "settle", key, message: settled, turn: random.one(turns) } as const;
  return {
    ...step,
    ...(random.chance(0.8) && { which: random.one([0, 0, 1, 2, random.below(20)]) }),
    ...(random.chance(0.5) && { supersede: { from: id(random), to: id(random) } }),
  };
}

const page = (random: Random, key: SessionKey): SessionStep => ({
  do: "messages",
  key,
  limit: random.one([1, 10, 80]),
  superseded: random.chance(0.5),
  ...before(random),
});

/** A few, or so many that they fill pages and bounds at once; ids come again, some within the same call. */
function messages(random: Random): NewMessage[] {
  const count = random.weighted([
    [5, () => random.below(4)],
    [3, () => random.between(4, 12)],
    [1, () => random.between(20, 60)],
  ]);
  return times(count, () => {
    if (random.chance(0.35)) return message(random, "assistant", "streaming");
    const role = random.one(["user", "user", "assistant", "tool", "system"]);
    return message(
      random,
      role,
      random.one(["complete", "complete", "complete", "interrupted", "failed", "superseded"]),
    );
  });
}

function message(random: Random, role: NewMessage["role"], status: NewMessage["status"]): NewMessage {
  const turn = role === "assistant" ? { turn: random.one(turns) } : {};
  const tokens = random.chance(0.2) ? { tokens: random.below(99) } : {};
  return said(id(random), "", { role, status, parts: parts(random), ...turn, ...tokens });
}

function parts(random: Random): Part[] {
  return random.weighted<Part[]>([
    [6, () => [{ type: "text", text: `Text ${random.below(1_000)}` }]],
    [2, () => [{ type: "text", text: "x".repeat(9_000) }]],
    [1, () => [{ type: "text", text: "" }]],
    [1, () => []],
    [1, () => [{ type: "reasoning", text: oddText(random), meta: { provider: { signature: oddText(random) } } }]],
    [
      1,
      () => [
        { type: "text", text: oddText(random) },
        { type: "image", url: `data:image/png;base64,${"A".repeat(99)}` },
      ],
    ],
    [1, () => [{ type: "tool-call", id: "c", name: "add", input: { [oddText(random)]: [0.1, 1e21, null] } }]],
  ]);
}

/** Some of the fields, or none. */
function fields(random: Random): SessionInit {
  return {
    ...(random.chance(0.3) && { title: oddText(random) }),
    ...(random.chance(0.3) && { systemPrompt: `Prompt ${random.below(9)}` }),
    ...(random.chance(0.3) && { model: `model ${random.below(9)}` }),
    ...(random.chance(0.3) && { metadata: { [oddText(random)]: { list: [random.below(9), true, null] } } }),
  };
}
