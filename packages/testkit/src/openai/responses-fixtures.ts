import type { Json } from "@parlor/core";
import type { Asked, AskedMedia, AskedMessage, Failure, ProviderFixtures } from "../backend/index.ts";
import { chatCompletions } from "./chat-fixtures.ts";
import { toResponsesEvents, toResponsesRecord } from "./responses-records.ts";

/** How OpenAI's Responses API speaks, for `backendConformance`. */
export const responses: ProviderFixtures = {
  answer(answer) {
    const records = toResponsesEvents(answer).map(toResponsesRecord);
    return { records, whole: records.length - 1 };
  },
  failure: chatCompletions.failure,
  failureInStream({ code, message }) {
    const error = inStream[code];
    if (error === undefined) return undefined;
    if (code === "backend_error") {
      const response = {
        id: "resp_fake",
        object: "response",
        status: "failed",
        error: { code: error, message },
        output: [],
      };
      return toResponsesRecord({ type: "response.failed", sequence_number: 99, response });
    }
    return `data: ${JSON.stringify({ type: "error", code: error, message, param: null, sequence_number: 99 })}\n\n`;
  },
  asked: ({ body }) => toAsked(body as unknown as WireRequest),
};

const inStream: { readonly [code in Failure["code"]]?: string } = {
  backend_error: "server_error",
  backend_rate_limited: "rate_limit_exceeded",
  backend_quota: "insufficient_quota",
  context_too_long: "context_length_exceeded",
};

interface WireRequest {
  readonly instructions?: string;
  readonly input: readonly WireItem[];
  readonly max_output_tokens?: number;
  readonly tools?: readonly { readonly name: string; readonly description?: string; readonly parameters: never }[];
  readonly tool_choice?: "auto" | "none" | "required" | { readonly name: string };
  readonly text?: { readonly format: { readonly type: string; readonly schema?: Json } };
}

interface WireItem {
  readonly type?: string;
  readonly role?: "user" | "assistant" | "developer" | "system";
  readonly content?: string | readonly WirePart[];
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly output?: string;
}

interface WirePart {
  readonly type: string;
  readonly text?: string;
  readonly image_url?: string;
  readonly file_data?: string;
  readonly file_url?: string;
}

function toAsked({
  instructions,
  input,
  max_output_tokens: maxTokens,
  tools,
  tool_choice: choice,
  text,
}: WireRequest): Asked {
  return {
    ...(instructions !== undefined && { system: instructions }),
    messages: toMessages(input),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(tools && {
      tools: tools.map(({ name, description, parameters: inputSchema }) => ({
        name,
        ...(description !== undefined && { description }),
        inputSchema,
      })),
    }),
    ...(choice && { toolChoice: typeof choice === "string" ? choice : { tool: choice.name } }),
    ...(text && { format: text.format.schema === undefined ? "json" : { schema: text.format.schema } }),
  };
}

/** A call belongs to the text before it, as one message has them elsewhere. */
function toMessages(items: readonly WireItem[]): AskedMessage[] {
  const messages: AskedMessage[] = [];
  for (const item of items) {
    const last = messages.at(-1);
    if (item.type === "function_call") {
      const call = {
        id: item.call_id ?? "",
        name: item.name ?? "",
        input: JSON.parse(item.arguments ?? "") as unknown,
      };
      const said = last?.role === "assistant" ? messages.pop() : undefined;
      messages.push({ role: "assistant", text: said?.text ?? "", calls: [...(said?.calls ?? []), call] });
    } else if (item.type === "function_call_output") {
      messages.push({
        role: "tool",
        text: "",
        results: [{ id: item.call_id ?? "", output: parsed(item.output ?? "") }],
      });
    } else if (item.role === "user" || item.role === "assistant")
      messages.push(toMessage(item.role, item.content ?? ""));
  }
  return messages;
}

function toMessage(role: "user" | "assistant", content: string | readonly WirePart[]): AskedMessage {
  if (typeof content === "string") return { role, text: content };
  const media = content.flatMap(({ image_url: image, file_data: data, file_url: url }): AskedMedia[] => {
    if (image !== undefined)
      return [{ type: "image", ...(image.startsWith("data:") ? { data: base64Of(image) } : { url: image }) }];
    if (data !== undefined) return [{ type: "file", data: base64Of(data) }];
    return url === undefined ? [] : [{ type: "file", url }];
  });
  return { role, text: content.map((part) => part.text ?? "").join(""), ...(media.length > 0 && { media }) };
}

const base64Of = (url: string): string => url.slice(url.indexOf(",") + 1);

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
