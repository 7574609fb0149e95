import type { ChatEngine, Part, SessionKey, TurnInput } from "@parlor/core";
import { invalid } from "../../input/validate.ts";
import type { ChatBody, SaidMessage } from "./schemas.ts";
import { toSaid } from "./shape.ts";
import { versionsOf } from "./versions.ts";

type Derived = Pick<TurnInput, "message" | "messageId" | "editOf" | "regenerate">;
type Asked = Derived & Pick<TurnInput, "idempotencyBody">;

/**
 * What a client asks that posts its whole list of messages: the history is the stored one, so what counts is the last message of the
 * user, and whether it is new, edited, or to be answered again. Throws `invalid_request`.
 */
export async function askedOf(engine: ChatEngine, key: SessionKey, body: ChatBody): Promise<Asked> {
  const { messages, trigger, messageId } = body;
  const user = messages.findLast(({ role }) => role === "user");
  // What it comes to depends on what the session holds, which is more once this has been asked.
  const idempotencyBody = { trigger, messageId, said: user && { id: user.id, parts: toParts(user) } };
  return { ...(await derive(engine, key, body, user)), idempotencyBody };
}

async function derive(
  engine: ChatEngine,
  key: SessionKey,
  { messages, trigger, messageId }: ChatBody,
  user: SaidMessage | undefined,
): Promise<Derived> {
  const again = trigger === "regenerate-message";
  if (again && messageId !== undefined && messageId !== user?.id) {
    const { standing } = await versionsOf(engine, key, messageId);
    if (standing) return { regenerate: { message: standing.id } };
  }
  if (again && !user) return { regenerate: true };
  if (!user || (!again && messages.at(-1) !== user)) {
    throw invalid([{ path: "messages", message: "the last one must be of the user" }]);
  }
  const message = toParts(user);
  const { standing, next } = await versionsOf(engine, key, user.id);
  // Also to answer again what never reached the store.
  if (!standing) return { message, messageId: next };
  // What it says now differs where an edit failed, which is to be tried again.
  if (again && isSame(standing.parts, message)) return { regenerate: { message: standing.id } };
  if (again || messageId === user.id) return { message, messageId: next, editOf: standing.id };
  return { message, messageId: standing.id };
}

const isSame = (left: readonly Part[], right: readonly Part[]) =>
  JSON.stringify(left.map(toSaid)) === JSON.stringify(right.map(toSaid));

function toParts({ parts }: SaidMessage): readonly Part[] {
  return parts.flatMap((part): readonly Part[] => {
    if (isText(part)) return [{ type: "text", text: part.text }];
    if (!isFile(part)) return [];
    const { url, mediaType, filename: name } = part;
    const [kind] = mediaType.split("/");
    if (kind === "image" || kind === "audio") return [{ type: kind, url, mediaType }];
    return [{ type: "file", url, mediaType, ...(name !== undefined && { name }) }];
  });
}

type SaidPart = SaidMessage["parts"][number];
const isText = (part: SaidPart): part is Extract<SaidPart, { type: "text" }> => part.type === "text";
const isFile = (part: SaidPart): part is Extract<SaidPart, { type: "file" }> => part.type === "file";
