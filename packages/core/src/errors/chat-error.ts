import type { Quota } from "../contracts/index.ts";
import { catalog, type ErrorCode } from "./catalog.ts";

const marker = Symbol.for("parlor.ChatError");

export interface FieldError {
  /** Dotted path into the input. */
  readonly path: string;
  readonly message: string;
}

export interface ChatErrorOptions {
  readonly cause?: unknown;
  /** When trying again makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number;
  readonly errors?: readonly FieldError[];
  /** The limits that were asked, where one of them refused. */
  readonly quotas?: readonly Quota[];
}

/** The one error Parlor throws: a stable code, and a sentence a person can act on that holds no secret. */
export class ChatError extends Error {
  override readonly name = "ChatError";
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly quotas: readonly Quota[] | undefined;

  constructor(code: ErrorCode, detail: string, options: ChatErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.errors = options.errors;
    this.quotas = options.quotas;
    Object.defineProperty(this, marker, { value: true });
  }

  get status(): number {
    return catalog[this.code].status;
  }

  get title(): string {
    return catalog[this.code].title;
  }

  get retryable(): boolean {
    return catalog[this.code].retryable;
  }

  /** True for every copy of this package in a process, which `instanceof` is not. */
  static isInstance(value: unknown): value is ChatError {
    return typeof value === "object" && value !== null && marker in value;
  }

  /** Itself if it is one, else an error of this code with it as cause. Its own text is not shown: it may hold secrets. */
  static from(value: unknown, code: ErrorCode, detail: string): ChatError {
    return ChatError.isInstance(value) ? value : new ChatError(code, detail, { cause: value });
  }
}
