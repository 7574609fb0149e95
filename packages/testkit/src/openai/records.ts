import type { Json } from "@parlor/core";
import type { FakeReply, FakeUsage, Step } from "./reply.ts";

/** What of a request shapes its answer's bytes. */
export interface Asked {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

const id = "chatcmpl-fake";
const created = 1_700_000_000;

/** The stream as SSE records, `\n` as line end. */
export function toRecords(reply: FakeReply, asked: Asked): string[] {
  const { steps = [], done = true } = reply;
  const finish = finishOf(reply);
  const usage = usageOf(reply);
  const base = { id, object: "chat.completion.chunk", created, model: asked.model, system_fingerprint: "fp_fake" };
  const pending = asked.includeUsage ? { usage: null } : {};
  const chunk = (delta: Json, finish_reason: string | null, more: { readonly [key: string]: Json } = {}) =>
    record({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...pending, ...more });

  const records = [chunk({ role: "assistant", content: "", refusal: null }, null)];
  for (const step of steps) records.push("delta" in step ? chunk(step.delta, null) : toRecord(step));
  if (finish !== null) {
    const groq = reply.usageIn === "x_groq" && usage !== undefined ? { x_groq: { id: "req_fake", usage } } : {};
    records.push(chunk({}, finish, groq));
  }
  if (asked.includeUsage && usage !== undefined && reply.usageIn !== "x_groq") {
    records.push(record({ ...base, choices: [], usage }));
  }
  if (done) records.push("data: [DONE]\n\n");
  return records;
}

/** The same answer in one piece. */
export function toCompletion(reply: FakeReply, asked: Asked): Json {
  const message: { [key: string]: Json } = { role: "assistant", content: "", refusal: null };
  const calls: { [key: string]: Json }[] = [];
  for (const step of reply.steps ?? []) if ("delta" in step) fold(message, calls, step.delta);
  if (calls.length > 0) message["tool_calls"] = calls;
  const usage = usageOf(reply);
  return {
    id,
    object: "chat.completion",
    created,
    model: asked.model,
    choices: [{ index: 0, message, finish_reason: finishOf(reply), logprobs: null }],
    ...(usage === undefined ? {} : { usage }),
    system_fingerprint: "fp_fake",
  };
}

type Fragment = {
  readonly index: number;
  readonly id?: string;
  readonly function: { readonly name?: string; readonly arguments: string };
};

function fold(
  message: { [key: string]: Json },
  calls: { [key: string]: Json }[],
  delta: { readonly [key: string]: Json },
) {
  for (const [key, value] of Object.entries(delta)) {
    if (key === "tool_calls") {
      for (const fragment of value as unknown as readonly Fragment[]) {
        const call = calls[fragment.index];
        const args = fragment.function.arguments;
        if (call === undefined)
          calls.push({ id: fragment.id ?? "", type: "function", function: { ...fragment.function } });
        else {
          const called = call["function"] as { readonly name: string; readonly arguments: string };
          call["function"] = { ...called, arguments: called.arguments + args };
        }
      }
    } else if (typeof value === "string") {
      const before = message[key];
      message[key] = typeof before === "string" ? before + value : value;
    } else message[key] = value;
  }
}

function toRecord(step: Exclude<Step, { readonly delta: unknown }>): string {
  if ("raw" in step) return step.raw;
  if ("comment" in step) return `: ${step.comment}\n\n`;
  if ("data" in step) return `data: ${step.data}\n\n`;
  return (step.event === undefined ? "" : `event: ${step.event}\n`) + record(step.json);
}

function record(json: Json): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

function finishOf(reply: FakeReply): string | null {
  if (reply.finish !== undefined) return reply.finish;
  return reply.steps?.some((step) => "delta" in step && "tool_calls" in step.delta) ? "tool_calls" : "stop";
}

function usageOf(reply: FakeReply): Json | undefined {
  if (reply.usage === null) return undefined;
  const counted: FakeUsage = { prompt: 10, completion: reply.steps?.filter((step) => "delta" in step).length ?? 0 };
  const usage = reply.usage ?? counted;
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: usage.completion,
    total_tokens: usage.prompt + usage.completion,
    prompt_tokens_details: { cached_tokens: usage.cached ?? 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0, audio_tokens: 0 },
  };
}
