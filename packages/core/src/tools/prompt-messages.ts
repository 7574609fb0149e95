import type { Part, PromptMessage } from "../contracts/index.ts";

type Call = Extract<Part, { type: "tool-call" }>;

/**
 * Messages as models know them: of an answer that used tools, what the model said, what the tools gave, what it said then, each apart. A call
 * without a result (it was stopped, or nobody answered it) gets one that says so, for providers take no call without.
 */
export function toPromptMessages(messages: readonly PromptMessage[]): readonly PromptMessage[] {
  if (!messages.some(usesTools)) return messages;
  const apart = messages.flatMap((message) =>
    message.role === "assistant" && usesTools(message) ? stepsOf(message) : [message],
  );
  const whole: PromptMessage[] = [];
  let open: readonly Call[] = [];
  for (const message of apart) {
    if (message.role === "tool") open = open.filter(({ id }) => !answers(message, id));
    else {
      if (open.length > 0) whole.push(withoutResult(open));
      open = message.role === "assistant" ? message.parts.filter((part) => part.type === "tool-call") : [];
    }
    whole.push(message);
  }
  if (open.length > 0) whole.push(withoutResult(open));
  return whole;
}

const usesTools = ({ parts }: PromptMessage) =>
  parts.some(({ type }) => type === "tool-call" || type === "tool-result");

const answers = ({ parts }: PromptMessage, id: string) =>
  parts.some((part) => part.type === "tool-result" && part.id === id);

/** Their tokens are not those of the whole. */
function stepsOf({ parts }: PromptMessage): readonly PromptMessage[] {
  const steps: { role: "assistant" | "tool"; parts: Part[] }[] = [];
  for (const part of parts) {
    const role = part.type === "tool-result" ? "tool" : "assistant";
    const last = steps.at(-1);
    if (last?.role === role) last.parts.push(part);
    else steps.push({ role, parts: [part] });
  }
  return steps;
}

function withoutResult(calls: readonly Call[]): PromptMessage {
  return {
    role: "tool",
    parts: calls.map(({ id }) => ({
      type: "tool-result",
      id,
      output: "There is no result of this call.",
      isError: true,
    })),
  };
}
