import { z } from "zod";
import type { ReplyDoc } from "../../route.ts";
import type { Service } from "../../service.ts";
import { time } from "../schemas.ts";

const textPart = z.object({ type: z.literal("text"), text: z.string() });
const filePart = z.object({
  type: z.literal("file"),
  url: z.string().regex(/^(data:|https?:\/\/)/i, "a data:, http: or https: URL"),
  mediaType: z.string().min(1).max(255),
  filename: z.string().max(255).optional(),
});
/** What clients keep in their messages beside what somebody said. */
const otherPart = z.looseObject({
  type: z.string().refine((type) => type !== "text" && type !== "file", "a part of this type needs its fields"),
});

/** A `UIMessage`. */
const said = z.object({
  id: z.string().min(1).max(120),
  role: z.enum(["system", "user", "assistant"]),
  parts: z.array(z.union([textPart, filePart, otherPart])).max(1_000),
});
export type SaidMessage = z.output<typeof said>;

/** What `DefaultChatTransport` sends. */
export function chatBody({ fields }: Service) {
  return {
    id: fields.sessionId,
    messages: z
      .array(said)
      .max(10_000)
      .describe("Only the last one of the user counts: the history is the stored one."),
    trigger: z.enum(["submit-message", "regenerate-message"]),
    messageId: fields.optional(z.string().min(1).max(120)).describe("The message to say, or to answer, anew."),
  };
}
export type ChatBody = z.output<z.ZodObject<ReturnType<typeof chatBody>>>;

const metadata = z.object({
  createdAt: time,
  model: z.string().optional().describe("Of an answer."),
  status: z.enum(["complete", "interrupted", "failed"]),
});

const toolPart = z.object({
  type: z.string().describe("`tool-` and the tool's name."),
  toolCallId: z.string(),
  state: z.enum(["input-available", "output-available", "output-error"]),
  input: z.unknown(),
  output: z.unknown().optional(),
  errorText: z.string().optional(),
});

const shownPart = z.union([
  z.object({
    type: z.enum(["text", "reasoning"]),
    text: z.string(),
    state: z.literal("done").optional(),
    id: z.string().optional(),
  }),
  z.object({ type: z.literal("file"), url: z.string(), mediaType: z.string(), filename: z.string().optional() }),
  z.object({ type: z.literal("step-start") }),
  toolPart,
]);

export const messages = z
  .array(
    z.object({
      id: z.string(),
      role: z.enum(["system", "user", "assistant"]),
      metadata,
      parts: z.array(shownPart),
    }),
  )
  .describe("Oldest first.");

export const stopped = z.object({ stopped: z.boolean().describe("False: nothing ran.") });

export const stream: ReplyDoc = {
  type: "text/event-stream",
  description: `The UI message stream of the AI SDK, version 1: \`start\`, \`start-step\`, blocks of text and of reasoning, tool calls with their outputs, \`finish-step\`,
\`finish\`; \`abort\` where the turn was stopped, \`error\` where it failed; last \`[DONE]\`. Coming back gives all of it again.`,
};

export const nothingRuns: ReplyDoc = { status: 204, description: "Nothing runs, or nothing is left to come." };
