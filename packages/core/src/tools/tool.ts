import type { Json, JsonSchema } from "../contracts/index.ts";

/** What a schema library gives that follows Standard Schema and Standard JSON Schema (https://standardschema.dev): zod 4.2, and others. */
export interface ToolInputSchema<Input> {
  readonly "~standard": {
    readonly types?: { readonly output: Input } | undefined;
    readonly validate: (value: unknown) => Validated<Input> | Promise<Validated<Input>>;
    readonly jsonSchema: { readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown> };
  };
}

type Validated<Input> =
  | { readonly value: Input; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/** Around a tool's input: whose turn calls it. */
export interface ToolContext {
  readonly owner: string;
  /** Absent in a stateless call. */
  readonly session: string | undefined;
  readonly turn: string;
  /** Of this call. A tool runs at most once for one id, also when its process dies. */
  readonly call: string;
  /** Aborts when the turn is stopped or the tool's time is up. */
  readonly signal: AbortSignal;
}

/** A function that a model may call, made by `tool`. */
export interface Tool {
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly timeoutMs: number;
  /** Throws a `ToolError` for an input that breaks the schema. */
  run(input: unknown, context: ToolContext): Promise<unknown>;
}

export interface ToolOptions<Input> {
  /** Tells the model what it is for and when to call it. */
  readonly description: string;
  /** Of the input, an object. What the model sends is checked against it; what breaks it goes back to the model as an error. */
  readonly input: ToolInputSchema<Input>;
  /**
   * Gives something that JSON can hold. What it throws becomes an error for the model: of a `ToolError` its message, of anything else only
   * that the tool failed.
   */
  readonly run: (input: Input, context: ToolContext) => unknown;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

/** Its message is told to the model, and may be shown to the user. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** Makes a tool for `createChatEngine({ tools })`. */
export function tool<Input>({ description, input, run, timeoutMs = 30_000 }: ToolOptions<Input>): Tool {
  const { validate, jsonSchema } = input["~standard"];
  return {
    description,
    // A schema is JSON by what it is.
    inputSchema: jsonSchema.input({ target: "draft-2020-12" }) as { readonly [keyword: string]: Json },
    timeoutMs,
    async run(given, context) {
      const checked = await validate(given);
      if (checked.issues) throw new ToolError(`The input breaks the schema. ${checked.issues.map(told).join("; ")}.`);
      return run(checked.value, context);
    },
  };
}

function told({
  message,
  path = [],
}: {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
}): string {
  const names = path.map((step) => String(typeof step === "object" && step && "key" in step ? step.key : step));
  return names.length === 0 ? message : `${names.join(".")}: ${message}`;
}
