import type { Json, Part } from "../contracts/index.ts";
import { type Tool, type ToolContext, ToolError } from "../tools/index.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Parts } from "./parts.ts";

export type ToolCall = Extract<Part, { type: "tool-call" }>;
type ToolResult = Extract<Part, { type: "tool-result" }>;

/** Most characters of one output as JSON: it goes into the prompt of every later step. */
const mostOutput = 262_144;

/** Runs these calls side by side; each result goes to the log and the readers as it comes. Never rejects. */
export async function runTools(parts: Parts, turn: LiveTurn, calls: readonly ToolCall[]): Promise<void> {
  // A call is in the log before its tool acts, so that whoever finds the turn dead knows that it may have.
  await turn.logged();
  await Promise.all(
    calls.map(async (call) => {
      const result = await resultOf(parts, turn, call);
      if (!turn.aborted) turn.take([result]);
    }),
  );
}

async function resultOf(parts: Parts, turn: LiveTurn, { id, name, input }: ToolCall): Promise<ToolResult> {
  const tool = parts.tools.get(name);
  try {
    if (!tool) throw new ToolError("There is no tool of this name.");
    return { type: "tool-result", id, output: toJson(await inTime(parts, tool, turn, id, input)) };
  } catch (error) {
    if (isToolError(error)) return { type: "tool-result", id, output: error.message, isError: true };
    parts.report(error, `running the tool ${name}`);
    return { type: "tool-result", id, output: "The tool failed.", isError: true };
  }
}

/** Does not wait for a tool that ignores its signal. */
async function inTime(parts: Parts, tool: Tool, turn: LiveTurn, call: string, input: unknown): Promise<unknown> {
  const late = new AbortController();
  const cancel = parts.clock.after(tool.timeoutMs, () =>
    late.abort(new ToolError(`The tool gave nothing within ${tool.timeoutMs} ms.`)),
  );
  const signal = AbortSignal.any([turn.signal, late.signal]);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(late.signal.aborted ? late.signal.reason : stopped()), {
      once: true,
    });
    if (signal.aborted) reject(stopped());
  });
  const context: ToolContext = {
    owner: turn.key.owner,
    session: turn.stored ? turn.key.id : undefined,
    turn: turn.id,
    call,
    signal,
  };
  try {
    return await Promise.race([tool.run(input, context), aborted]);
  } finally {
    cancel();
  }
}

/** Also of another copy of this package. */
const isToolError = (error: unknown): error is ToolError => error instanceof Error && error.name === "ToolError";

const stopped = () => new ToolError("The turn was stopped.");

/** What stores and protocols can hold of it. */
function toJson(output: unknown): Json {
  const text = JSON.stringify(output ?? null);
  if (text === undefined) throw new TypeError("A tool must give something that JSON can hold");
  if (text.length > mostOutput) throw new ToolError(`The tool gave more than ${mostOutput} characters.`);
  return JSON.parse(text);
}
