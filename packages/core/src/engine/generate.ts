import type { BackendEvent, GenerateRequest, Part, TurnOutcome, Usage } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { charactersOf } from "../truncation/index.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Parts } from "./parts.ts";
import { buildPrompt, type Opened, type Prompt, toolsFor } from "./prompt.ts";
import { runTools, type ToolCall } from "./run-tools.ts";
import type { TurnInput } from "./types.ts";
import { addUsage, withCost } from "./usage.ts";

/** What is asked of the model now, and what it has used in this turn before. */
interface Asking {
  prompt: Prompt;
  /** How many parts of the answer were there when it was asked. */
  from: number;
  spent: Usage | undefined;
}

/** Asks the model and hands every read on; how it ended. Never rejects, and never waits for a backend that ignores its signal. */
export async function generate(parts: Parts, turn: LiveTurn, input: TurnInput, opened: Opened): Promise<TurnOutcome> {
  let asking: Asking;
  try {
    asking = { prompt: await buildPrompt(parts, turn, input, opened), from: 0, spent: undefined };
  } catch (error) {
    return { status: "failed", error: toFailure(failureOf(parts, error)) };
  }
  turn.leftOut = asking.prompt.leftOut;

  const since = parts.clock.monotonic();
  if (!turn.aborted) {
    await new Promise<void>((resolve) => {
      // No function of ours: it would keep all that this one knows as long as somebody has the turn.
      turn.onAbort = resolve;
      answer(parts, turn, input, opened, asking).then(resolve, (error: unknown) => {
        // What a backend throws because it was stopped is no failure.
        if (!turn.aborted) turn.abort(causeOf(parts, turn, error));
      });
    });
  }
  turn.generatingSince = undefined;

  const { status, error } = turn.cause ?? { status: "complete" as const };
  return {
    status,
    ...(turn.finishReason && { finishReason: turn.finishReason }),
    usage: await usageOf(parts, turn, asking),
    ...(error && { error: toFailure(error) }),
    generationMs: Math.round(parts.clock.monotonic() - since),
  };
}

/** Asks, runs the tools that the model calls, and asks again with what they gave, until it has nothing more to call. */
async function answer(parts: Parts, turn: LiveTurn, input: TurnInput, opened: Opened, asking: Asking): Promise<void> {
  for (let step = 1; ; step += 1) {
    await read(parts, turn, toRequest(parts, turn, input, asking.prompt, step));
    const calls = callsOf(turn, asking.from);
    const clients = input.tools ?? [];
    const ours = calls.filter(({ name }) => !clients.some((tool) => tool.name === name));
    if (ours.length === 0 || parts.tools.size === 0 || step > parts.maxToolSteps || turn.aborted) return;
    turn.generatingSince = undefined;
    await runTools(parts, turn, ours);
    if (turn.aborted || ours.length < calls.length) return;

    asking.spent = await usageOf(parts, turn, asking);
    turn.askAgain();
    const soFar = { role: "assistant", parts: [...turn.answer.parts] } as const;
    asking.prompt = await buildPrompt(parts, turn, input, { ...opened, messages: [...opened.messages, soFar] });
    asking.from = soFar.parts.length;
  }
}

function toRequest(parts: Parts, turn: LiveTurn, input: TurnInput, prompt: Prompt, step: number): GenerateRequest {
  const tools = toolsFor(parts, input);
  // A choice that is forced again and again would never end; in the last step the model has to say something.
  const toolChoice = step > parts.maxToolSteps ? "none" : step === 1 ? input.toolChoice : undefined;
  return {
    messages: prompt.messages,
    settings: input.settings ? { ...turn.uses.settings, ...input.settings } : turn.uses.settings,
    ...(tools.length > 0 && { tools, ...(toolChoice !== undefined && { toolChoice }) }),
    ...(input.responseFormat && { responseFormat: input.responseFormat }),
    turn: turn.stored ? { id: turn.id, session: turn.key.id } : { id: turn.id },
  };
}

/** What a model that was cut off has called may not be what it meant. */
function callsOf(turn: LiveTurn, from: number): readonly ToolCall[] {
  if (turn.finishReason !== "tool-calls" && turn.finishReason !== "stop") return [];
  return turn.answer.parts.slice(from).filter((part) => part.type === "tool-call");
}

async function read(parts: Parts, turn: LiveTurn, request: GenerateRequest): Promise<void> {
  turn.generatingSince = parts.clock.monotonic();
  for await (const batch of turn.uses.backend.generate(request, turn.signal)) {
    if (turn.aborted) return;
    turn.heard = true;
    turn.silent = false;
    turn.firstEventAt ??= parts.clock.monotonic();
    check(turn, batch);
    turn.take(batch);
    if (turn.answer.size > parts.maxAnswerCharacters) {
      throw new ChatError(
        "answer_too_long",
        `The answer grew beyond ${parts.maxAnswerCharacters} characters and was cut there.`,
      );
    }
  }
  if (turn.finishReason === undefined && !turn.aborted) {
    throw new ChatError("upstream_truncated", "The model's answer ended without saying that it was complete.");
  }
}

/** A backend that breaks its contract is a failure, not an answer. */
function check(turn: LiveTurn, batch: readonly BackendEvent[]): void {
  let finished = turn.finishReason !== undefined;
  for (const event of batch) {
    const known = isEvent(event);
    if (!known || (finished && event.type !== "usage")) {
      throw new ChatError(
        "upstream_invalid",
        known ? "The model went on after it had finished." : "The backend gave an event that is not one.",
      );
    }
    if (event.type === "finish") finished = true;
  }
}

function isEvent(event: BackendEvent): boolean {
  if (event.type === "text" || event.type === "reasoning") return typeof event.text === "string";
  if (event.type === "tool-call") return typeof event.id === "string" && typeof event.name === "string";
  return event.type === "usage" || event.type === "finish";
}

/** A connection that breaks after the model has finished takes nothing from the answer. A backend that goes on is wrong. */
function causeOf(parts: Parts, turn: LiveTurn, thrown: unknown): NonNullable<LiveTurn["cause"]> {
  const error = failureOf(parts, thrown);
  return turn.finishReason !== undefined && error.code !== "upstream_invalid"
    ? { status: "complete" }
    : { status: "failed", error };
}

function failureOf(parts: Parts, error: unknown): ChatError {
  if (!ChatError.isInstance(error)) parts.report(error, "asking the model");
  return ChatError.from(error, "backend_error", "The model's backend failed.");
}

function toFailure({ code, message, retryAfterMs }: ChatError): NonNullable<TurnOutcome["error"]> {
  return { code, detail: message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/**
 * Of all steps so far. What the provider did not say is estimated: interrupted calls bring no usage. Each step has its own cost, for
 * what a token costs may depend on the length of its prompt.
 */
async function usageOf(parts: Parts, turn: LiveTurn, { prompt, from, spent }: Asking): Promise<Usage> {
  const step = withCost(turn.usage ?? (await estimate(parts, turn, prompt, from)), turn.uses.backend.info.prices);
  return spent ? addUsage(spent, step) : step;
}

async function estimate(parts: Parts, turn: LiveTurn, prompt: Prompt, from: number): Promise<Usage> {
  const said = turn.answer.parts.slice(from);
  const outputTokens = said.length === 0 ? 0 : await countAnswer(parts, turn, said);
  return { inputTokens: prompt.inputTokens, outputTokens, estimated: true };
}

async function countAnswer(parts: Parts, turn: LiveTurn, said: readonly Part[]): Promise<number> {
  try {
    return await turn.uses.backend.countTokens([{ role: "assistant", parts: said }]);
  } catch (error) {
    parts.report(error, "counting tokens");
    return Math.ceil(charactersOf({ role: "assistant", parts: said }) / 4);
  }
}
