import { ChatError } from "@parlor/core";

/** What PostgreSQL itself says; errors of sockets and of the driver have no severity. */
interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
  detail?: string;
  where?: string;
  internalQuery?: string;
}

const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";

/** The connection may be used again: only the statement failed. 57P is the server ending it, 08 a broken protocol. */
export const isStatementError = (error: unknown): boolean =>
  isServerError(error) && !error.code.startsWith("57P") && !error.code.startsWith("08");

/** The statement was rolled back for sake of another one. */
export const isRolledBack = (error: unknown): boolean =>
  isServerError(error) && (error.code === "40001" || error.code === "40P01");

/** Its own text and what it says of rows stay behind: they may hold what people wrote. */
export function toChatError(error: unknown): ChatError {
  if (ChatError.isInstance(error)) return error;
  if (isServerError(error)) {
    delete error.detail;
    delete error.where;
    delete error.internalQuery;
    // 22: data that cannot be, 54: a key that is too long.
    if (error.code.startsWith("22") || error.code.startsWith("54"))
      return new ChatError("invalid_request", "The database cannot keep this value.", { cause: error });
  }
  return new ChatError("store_unavailable", "The database cannot serve. Try again in a moment.", {
    cause: error,
    retryAfterMs: 1_000,
  });
}
