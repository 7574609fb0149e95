import type { Json } from "@parlor/core";
import { z } from "zod";

const mostMessages = 2_048;
const mostParts = 4_096;
const mostTools = 128;
const mostMetadata = 16;
const show = (most: number) => most.toLocaleString("en");

/** Messages, or items. */
export const messageList = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(mostMessages);

/** Parts of a message, or calls in it. */
export const partList = <Item extends z.ZodType>(item: Item) => z.array(item).max(mostParts);

export const toolList = <Item extends z.ZodType>(item: Item) => z.array(item).max(mostTools);

/**
 * What the messages or items hold is counted before any of it is looked at: somebody may send a megabyte of nothing but beginnings. Each
 * list by itself is counted by zod, also before it is walked.
 */
export const together = <Schema extends z.ZodType>(messages: Schema) =>
  counted(partsIn, mostParts, "content parts and tool calls in all of them together", messages).describe(
    `At most ${show(mostMessages)}, with ${show(mostParts)} content parts and tool calls in all of them together.`,
  );

export const metadata = counted(
  keysIn,
  mostMetadata,
  "fields",
  z.looseObject({ session_id: z.string().optional() }),
).describe(`At most ${mostMetadata} fields.`);

/** It came as JSON, and is passed on as it is, so nobody has to walk it. */
export const jsonSchema = z
  .unknown()
  .refine(isObject, "Invalid input: expected an object")
  .meta({ type: "object", additionalProperties: {} })
  .transform((value) => value as { readonly [key: string]: Json });

function counted<Schema extends z.ZodType>(
  count: (value: unknown) => number,
  most: number,
  of: string,
  schema: Schema,
) {
  return z.preprocess((value, context) => {
    if (count(value) <= most) return value;
    context.addIssue({ code: "custom", message: `Too big: at most ${show(most)} ${of}` });
    return z.NEVER;
  }, schema);
}

function partsIn(messages: unknown): number {
  // Of more than that the list's own bound tells.
  if (!Array.isArray(messages) || messages.length > mostMessages) return 0;
  return messages.reduce((sum: number, message) => {
    const { content, tool_calls: calls } = isObject(message) ? message : {};
    return sum + (Array.isArray(content) ? content.length : 0) + (Array.isArray(calls) ? calls.length : 0);
  }, 0);
}

function keysIn(value: unknown): number {
  return isObject(value) ? Object.keys(value).length : 0;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
