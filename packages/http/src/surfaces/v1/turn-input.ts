import type { TurnInput } from "@parlor/core";
import { toTurnInput } from "../../input/turn-input.ts";
import type { Call } from "../../route.ts";

export interface ChatInput {
  readonly message?: string | undefined;
  readonly session_id: string;
  readonly system_prompt?: string | undefined;
  readonly temperature?: number | undefined;
  readonly max_tokens?: number | undefined;
}

/** Here `system_prompt` counts for one turn. */
export function toV1TurnInput(input: ChatInput, call: Call): TurnInput {
  const { system_prompt: systemPrompt } = input;
  return toTurnInput(input, call, systemPrompt === undefined ? {} : { systemPrompt });
}
