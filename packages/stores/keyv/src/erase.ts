import type { Message } from "@parlor/core";
import type { Call } from "./call.ts";
import type { Head } from "./head.ts";
import type { SessionNames } from "./names.ts";

/** Pages that are read at once. */
const atOnce = 16;

/** Deletes pages and what leads to their messages, that first, so that it can be done again when it was interrupted. */
export async function erasePages(call: Call, names: SessionNames, numbers: readonly number[]): Promise<void> {
  for (let at = 0; at < numbers.length; at += atOnce) {
    const pages = numbers.slice(at, at + atOnce).map((number) => names.page(number));
    const messages = (await call.get<Message[]>(pages)).flatMap((page) => page ?? []);
    await call.delete(messages.map(({ id }) => names.seq(id)));
    await call.delete(pages);
    call.renew();
  }
}

/** Deletes everything of a session but its head, also the pages of writes that never came to be. */
export async function eraseSession(call: Call, names: SessionNames, head: Head): Promise<void> {
  const named = [...head.pages.map(([, number]) => number), ...head.dropped];
  await erasePages(call, names, named);
  await call.delete([...head.stale.map((number) => names.page(number)), ...head.forgotten.map(names.seq)]);
  for (let number = head.nextPage; ; number += atOnce) {
    const pages = Array.from({ length: atOnce }, (_, at) => names.page(number + at));
    if ((await call.get(pages)).every((page) => page === undefined)) return;
    await call.delete(pages);
    call.renew();
  }
}
