import type { PromptMessage } from "../contracts/index.ts";
import type { Budget } from "./budgets.ts";

export interface Fitted<M> {
  /** What to send, in order. */
  readonly messages: readonly M[];
  /** How many were left out. */
  readonly leftOut: number;
  /** Even what must be kept (system prompt, newest user message and what follows it) breaks this budget. */
  readonly over: Budget["name"] | undefined;
}

/**
 * The newest part of a conversation that every budget holds. System messages at the front and everything from the newest user
 * message on are always kept; a tool call is never parted from its results; the rest starts at a user message.
 */
export function fit<M extends PromptMessage>(messages: readonly M[], ...budgets: readonly Budget[]): Fitted<M> {
  let system = 0;
  while (messages[system]?.role === "system") system += 1;
  const newest = Math.max(
    system,
    messages.findLastIndex((message) => message.role === "user"),
  );

  const left = budgets.map((budget) => budget.limit);
  const charge = (from: number, to: number): Budget["name"] | undefined => {
    let broken: Budget["name"] | undefined;
    budgets.forEach((budget, index) => {
      for (let at = from; at < to; at += 1) left[index] = (left[index] ?? 0) - budget.cost(messages[at] as M);
      if ((left[index] ?? 0) < 0) broken ??= budget.name;
    });
    return broken;
  };

  const over = charge(0, system) ?? charge(newest, messages.length);
  let start = newest;
  // An exchange (a user message with all that answers it) goes or stays whole, which keeps tool calls and results together.
  for (let at = newest - 1; over === undefined && at >= system; at -= 1) {
    if (messages[at]?.role !== "user") continue;
    if (charge(at, start) !== undefined) break;
    start = at;
  }
  return { messages: [...messages.slice(0, system), ...messages.slice(start)], leftOut: start - system, over };
}
