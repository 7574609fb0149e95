import { ChatError } from "@parlor/core";

/** The service `name` could not be reached, or went before it answered. */
export function fromTransport(name: string, error: unknown): ChatError {
  const code = systemErrorIn(error)?.code ?? "";
  if (code.startsWith("HPE_")) {
    return new ChatError("upstream_invalid", `${name} answered something that is not HTTP (${code}).`);
  }
  const detail = `${name} cannot be reached${code === "" ? "" : ` (${code})`}.`;
  return new ChatError("backend_unavailable", detail, { cause: causeIn(error) });
}

/** What of a broken connection can be handed on: the system's word, not the raw bytes that a parser's error holds. */
export function causeIn(error: unknown): Error | undefined {
  const cause = systemErrorIn(error);
  return cause?.code?.startsWith("HPE_") ? undefined : cause;
}

/** The innermost cause with a system's code: fetch and the SDKs wrap it. */
function systemErrorIn(error: unknown): NodeJS.ErrnoException | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return cause;
  }
  return undefined;
}
