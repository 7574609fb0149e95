import type { FinishReason } from "@parlor/core";
import { StreamReader } from "@parlor/wire";
import { fromInBand, type ServiceError } from "./errors.ts";

/** `data:` of the stream; everything may be missing. The last two come with `done`, where the service tells them. */
interface Record extends ServiceError {
  readonly token?: unknown;
  readonly reasoning?: unknown;
  readonly error?: unknown;
  readonly done?: unknown;
  readonly finish_reason?: unknown;
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown } | null;
}

const reasons = new Map<unknown, FinishReason>([
  [undefined, "stop"],
  [null, "stop"],
  ["stop", "stop"],
  ["length", "length"],
  ["content_filter", "content-filter"],
]);

/** Turns the text of a `/generate` stream into events. */
export class Events extends StreamReader {
  protected override onEvent(_event: string | undefined, data: string): void {
    this.#onRecord(JSON.parse(data) as Record);
  }

  protected override onWhole(answer: unknown): void {
    this.#onRecord(answer as Record);
  }

  #onRecord(record: Record): void {
    const { token, reasoning, error, done, usage } = record;
    if (error !== undefined && error !== null) throw fromInBand(this.name, record);
    if (reasoning) this.say("reasoning", this.#text(reasoning));
    if (token) this.say("text", this.#text(token));
    if (done !== true) return;
    this.finish(reasons.get(record.finish_reason) ?? "other");
    const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage ?? {};
    if (typeof inputTokens === "number" && typeof outputTokens === "number") this.usage = { inputTokens, outputTokens };
    this.done = true;
  }

  #text(value: unknown): string {
    if (typeof value !== "string") throw this.invalid("sent a token that is not text");
    return value;
  }
}
