import type { BackendEvent, ModelSettings, TurnOutcome, Usage } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Parts } from "./parts.ts";
import { buildPrompt, type Opened, type Prompt } from "./prompt.ts";
import type { TurnInput } from "./types.ts";

/** Asks the model and hands every read on; how it ended. Never rejects, and never waits for a backend that ignores its signal. */
export async function generate(parts: Parts, turn: LiveTurn, input: TurnInput, opened: Opened): Promise<TurnOutcome> {
  let prompt: Prompt;
  try {
    prompt = await buildPrompt(parts, turn, input, opened);
  } catch (error) {
    return { status: "failed", error: toFailure(failureOf(parts, error)) };
  }
  turn.leftOut = prompt.leftOut;
  const settings = { ...turn.uses.settings, ...input.settings };

  const since = parts.clock.monotonic();
  turn.generatingSince = since;
  if (!turn.signal.aborted) {
    await new Promise<void>((resolve) => {
      turn.signal.addEventListener("abort", () => resolve(), { once: true });
      read(parts, turn, prompt, settings)
        .catch((error: unknown) => turn.abort(causeOf(parts, turn, error)))
        .finally(resolve);
    });
  }
  turn.generatingSince = undefined;

  const { status, error } = turn.cause ?? { status: "complete" as const };
  const usage = turn.usage ?? (await estimate(parts, turn, prompt));
  return {
    status,
    ...(turn.finishReason && { finishReason: turn.finishReason }),
    usage,
    ...(error && { error: toFailure(error) }),
    generationMs: Math.round(parts.clock.monotonic() - since),
  };
}

async function read(parts: Parts, turn: LiveTurn, prompt: Prompt, settings: ModelSettings): Promise<void> {
  for await (const batch of turn.uses.backend.generate({ messages: prompt.messages, settings }, turn.signal)) {
    if (turn.signal.aborted) return;
    turn.heard = true;
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
  if (turn.finishReason === undefined && !turn.signal.aborted) {
    throw new ChatError("upstream_truncated", "The model's answer ended without saying that it was complete.");
  }
}

/** A backend that breaks its contract is a failure, not an answer. */
function check(turn: LiveTurn, batch: readonly BackendEvent[]): void {
  let finished = turn.finishReason !== undefined;
  for (const event of batch) {
    const known =
      event.type === "text" || event.type === "reasoning" ? typeof event.text === "string" : types.has(event.type);
    if (!known || (finished && event.type !== "usage")) {
      throw new ChatError(
        "upstream_invalid",
        known ? "The model went on after it had finished." : "The backend gave an event that is not one.",
      );
    }
    if (event.type === "finish") finished = true;
  }
}

const types = new Set<string>(["tool-call", "usage", "finish"]);

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

/** What the provider did not say: interrupted calls bring no usage. */
async function estimate(parts: Parts, turn: LiveTurn, prompt: Prompt): Promise<Usage> {
  const outputTokens = turn.answer.empty && turn.answer.reasoning === "" ? 0 : await countAnswer(parts, turn);
  return { inputTokens: prompt.inputTokens, outputTokens, estimated: true };
}

async function countAnswer(parts: Parts, turn: LiveTurn): Promise<number> {
  try {
    return await turn.uses.backend.countTokens([{ role: "assistant", parts: turn.answer.parts }]);
  } catch (error) {
    parts.report(error, "counting tokens");
    return Math.ceil(turn.answer.text.length / 4);
  }
}
