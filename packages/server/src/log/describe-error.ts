import { ChatError } from "@parlor/core";

/** An error as it may be logged. */
export interface DescribedError {
  readonly name: string;
  readonly code?: string;
  /** Only of our own errors: what others write may quote a key, an address or a message. */
  readonly detail?: string;
  readonly at: readonly string[];
  readonly cause?: DescribedError;
}

/** What of an error can be logged: where it came from and its code, never the text of an error that is not ours. */
export function describeError(error: unknown, depth = 3): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error, at: [] };
  const { code } = error as NodeJS.ErrnoException;
  return {
    name: error.constructor.name,
    ...(typeof code === "string" && /^[\w.-]{1,64}$/.test(code) ? { code } : {}),
    ...(ChatError.isInstance(error) ? { detail: error.message } : {}),
    at: framesOf(error),
    ...(error.cause !== undefined && depth > 0 ? { cause: describeError(error.cause, depth - 1) } : {}),
  };
}

/** The stack without its head, which repeats the message, and without `data:` modules, whose name is their text. */
function framesOf({ message, stack = "" }: Error): string[] {
  const lines = stack.split("\n").slice(message.split("\n").length);
  return lines
    .filter((line) => /^ {4}at (?!.*data:).*:\d+:\d+\)?$/.test(line))
    .map((line) => line.trim().slice(3))
    .slice(0, 8);
}
