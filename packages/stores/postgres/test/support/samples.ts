import { type Claim, ChatError, type LoggedEvent, type NewMessage, type NewTurn, type TurnStore } from "@parlor/core";

const createdAt = "2026-01-01T00:00:00.000Z";

export const wide = { last: 1_000, maxCharacters: 1_000_000 };

export const key = (id = "s1", owner = "ada") => ({ owner, id });

export const said = (id: string, text = `Text of ${id}`): NewMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
  createdAt,
  status: "complete",
});

export const streaming = (id: string, turn: string): NewMessage => ({
  id,
  role: "assistant",
  parts: [],
  createdAt,
  status: "streaming",
  turn,
});

export const answered = (id: string, turn: string): NewMessage => ({
  ...streaming(id, turn),
  parts: [{ type: "text", text: `Answer ${id}` }],
  status: "complete",
  meta: { usage: { inputTokens: 3, outputTokens: 5 } },
});

export const newTurn = (id: string): NewTurn => ({ id, message: `answer-${id}`, model: "model", createdAt });

export const textEvent = (offset: number): LoggedEvent => ({
  type: "text",
  offset,
  index: offset - 1,
  text: `word ${offset} `,
});

export async function won(turns: TurnStore, id: string, session = key()): Promise<Claim> {
  const result = await turns.claim(session, newTurn(id), { leaseMs: 60_000 });
  if (result.kind !== "won") throw new Error(`${result.kind}, not won`);
  return result.claim;
}

/** How a call ends: `done`, the code of its failure, or `late` when it has not ended within `ms`. */
export async function outcomeOf(work: Promise<unknown>, ms = 2_500): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, ms, "late");
  });
  const ended = work.then(
    () => "done",
    (error: unknown) => (ChatError.isInstance(error) && error.cause !== undefined ? error.code : String(error)),
  );
  const outcome = await Promise.race([ended, late]);
  clearTimeout(timer);
  return outcome;
}

/** Tries again until it works; throws the last failure after `ms`. */
export async function eventually<T>(work: () => Promise<T>, ms = 3_000): Promise<T> {
  for (const end = performance.now() + ms; ;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Whether it comes true within `ms`. */
export function until(condition: () => boolean | Promise<boolean>, ms = 5_000): Promise<boolean> {
  return eventually(async () => {
    if (!(await condition())) throw new Error("not yet");
    return true;
  }, ms).catch(() => false);
}
