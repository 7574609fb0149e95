import { ChatError, type Page, type PageRequest, type Session } from "@parlor/core";
import type { Call } from "./call.ts";
import type { Head } from "./head.ts";
import { ownerNames, sessionNames } from "./names.ts";
import { type Entry, type OwnerIndex, recent } from "./owner-index.ts";

/** A page of an owner's sessions, newest first. */
export async function listSessions(
  call: Call,
  index: OwnerIndex,
  { limit, cursor, offset = 0 }: PageRequest,
  alive: (head: Head) => boolean,
): Promise<Page<Session>> {
  const before = cursor === undefined ? Infinity : timeOf(cursor);
  const wanted = offset + limit + 1;
  const found = new Map<string, Head>();
  for await (const entries of newestFirst(call, index, before, wanted)) {
    const heads = await call.get<Head>(entries.map(([, id]) => sessionNames({ owner: index.owner, id }).head));
    for (const [at, [ms, id]] of entries.entries()) {
      const head = heads[at];
      if (!head || !alive(head)) continue;
      // An entry counts if the head says the same. One that was passed since the index was read belongs to the front.
      const isNewer = before === Infinity && head.updatedMs > index.newestMs;
      if (head.updatedMs === ms || isNewer) found.set(id, head);
    }
    if (found.size >= wanted) break;
  }
  const heads = [...found.values()].toSorted((a, b) => b.updatedMs - a.updatedMs);
  const items = heads.slice(offset, offset + limit);
  const last = items.at(-1);
  return {
    items: items.map(({ session }) => session),
    ...(last && heads.length > offset + limit && { cursor: `${last.updatedMs}.${last.session.id}` }),
  };
}

/** Entries before a time, so many at once. */
async function* newestFirst(
  call: Call,
  index: OwnerIndex,
  before: number,
  atOnce: number,
): AsyncGenerator<readonly Entry[]> {
  yield* slices(recent(index), before, atOnce);
  const names = ownerNames(index.owner);
  let end = index.pages.findLastIndex(({ firstMs }) => firstMs < before) + 1;
  while (end > 0) {
    let start = end;
    for (let count = 0; start > 0 && count < atOnce; start--) count += index.pages[start - 1]?.count ?? 0;
    const pages = index.pages.slice(start, end).map(({ number }) => names.page(number));
    const entries = (await call.get<Entry[]>(pages)).flatMap((page) => page ?? []);
    yield* slices(entries.toReversed(), before, atOnce);
    end = start;
  }
}

function* slices(entries: readonly Entry[], before: number, atOnce: number): Generator<readonly Entry[]> {
  const rest = entries.filter(([ms]) => ms < before);
  for (let at = 0; at < rest.length; at += atOnce) yield rest.slice(at, at + atOnce);
}

function timeOf(cursor: string): number {
  const dot = cursor.indexOf(".");
  const ms = Number(cursor.slice(0, Math.max(0, dot)));
  if (dot < 1 || !Number.isSafeInteger(ms))
    throw new ChatError("invalid_request", "The cursor is not one that this list gave out.");
  return ms;
}
