import type { ChatEngine } from "@parlor/core";
import { z } from "zod";
import type { InputLimits } from "../options.ts";
import { invalid } from "./validate.ts";

/** Schemas of the fields that the surfaces share. Optional ones take null for absent, as many clients send it. */
export type Fields = ReturnType<typeof createFields>;

export function createFields(engine: ChatEngine, limits: Required<InputLimits>) {
  const temperature = z.number().min(0).max(2).describe("Default: the server's.");
  const maxTokens = z
    .int()
    .min(1)
    .refine((tokens) => tokens <= engine.info.contextWindow, "more than the model's context holds")
    .describe("At most the model's context. Default: the server's.");
  const systemPrompt = z.string().max(limits.systemPromptCharacters);
  return {
    message: z
      .string()
      .min(1)
      .max(engine.maxMessageCharacters)
      .meta({ examples: ["Hello"] }),
    sessionId: z
      .string()
      .regex(/^(?!\.+$)[A-Za-z0-9._:@-]{1,128}$/, "1 to 128 characters of A-Z a-z 0-9 . _ : @ -, not only dots")
      .meta({ examples: ["s1"] }),
    /** Of a message. */
    id: z.string().min(1).max(128),
    modelTag: optional(z.string().min(1).max(100)),
    systemPrompt: optional(systemPrompt),
    temperature: optional(temperature),
    maxTokens: optional(maxTokens),
    temperatureText: optional(fromText(temperature)),
    maxTokensText: optional(fromText(maxTokens)),
    cursor: optional(z.string().min(1).max(1024)),
    /** For clients that count; what lies deeper is reached by cursor. */
    offset: fromText(z.int().min(0).max(1_000).default(0)),
    /** In a query. */
    flag: onOff.default(false),
    onOff,
    optional,
    /** Of a field that may come in the body or in the query. Throws `invalid_request`. */
    required<T>(path: string, value: T | undefined): T {
      if (value === undefined) throw invalid([{ path, message: "Invalid input: it is missing" }]);
      return value;
    },
    /** A page's size in a query. */
    limit: (fallback: number, most: number) => fromText(z.int().min(1).max(most).default(fallback)),
  };
}

/** A switch, written as clients write one. */
const onOff = z.preprocess(
  (value) => (isScalar(value) ? switches.get(String(value).toLowerCase()) : undefined) ?? value,
  z.boolean(),
);
const switches: ReadonlyMap<string, boolean> = new Map([
  ...["true", "1", "on", "yes", "enabled"].map((word) => [word, true] as const),
  ...["false", "0", "off", "no", "disabled"].map((word) => [word, false] as const),
]);
/** Not every object becomes a text: what comes as JSON may bring a `toString` of its own. */
const isScalar = (value: unknown): boolean => typeof value === "string" || typeof value === "number";

/** Absent, null and the empty string are all undefined. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === null || value === "" ? undefined : value), schema.optional());
}

/** A number written in a query. */
function fromText<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (typeof value === "string" && value.trim() !== "" ? Number(value) : value), schema);
}
