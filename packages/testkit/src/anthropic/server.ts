import { fakeProvider, type FakeProvider, type ProviderReply, type ProviderRequest } from "../provider/index.ts";
import { failure, text, type FakeReply } from "./reply.ts";
import { toMessage, toRecords } from "./records.ts";

export interface FakeAnthropicOptions {
  /** What every request gets that `next` has nothing for. Default: the text `Hello from the fake.` in four pieces. */
  readonly reply?: FakeReply | ((request: ProviderRequest) => FakeReply);
  /** Default 0: any free port. */
  readonly port?: number;
  /** Whether `requests` fills; default true. A long benchmark turns it off. */
  readonly record?: boolean;
}

/** `url` has no path, as a client's base URL. */
export type FakeAnthropic = FakeProvider<FakeReply>;

const greeting: FakeReply = { steps: [text("Hello", " from", " the", " fake.")] };

/**
 * An Anthropic that answers what a test tells it to, byte for byte as the real one does, on 127.0.0.1. Serves `POST /v1/messages`,
 * streamed or not. Any model name and any key are taken.
 */
export async function fakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const { reply = greeting, port, record } = options;
  return await fakeProvider<FakeReply>({
    reply,
    render: renderer(),
    route: ({ method, path }) => (method === "POST" && path === "/v1/messages" ? undefined : notFound),
    ...(port !== undefined && { port }),
    ...(record !== undefined && { record }),
  });
}

const notFound = failure(404, { type: "not_found_error", message: "Not found" });
const notJson = failure(400, { type: "invalid_request_error", message: "The request body is not valid JSON" });

/** Each reply is rendered once for what can be asked of it, so that serving it again costs only the writes. */
function renderer(): (reply: FakeReply, request: ProviderRequest) => ProviderReply {
  const rendered = new WeakMap<FakeReply, Map<string, ProviderReply>>();
  return (reply, { body }) => {
    if (reply.body !== undefined) return { ...reply, body: reply.body };
    if (body === undefined) return notJson;
    const stream = body["stream"] === true;
    const model = String(body["model"]);
    const known = rendered.get(reply) ?? new Map<string, ProviderReply>();
    rendered.set(reply, known);
    const made = known.get(`${stream} ${model}`) ?? render(reply, model, stream);
    known.set(`${stream} ${model}`, made);
    return made;
  };
}

function render(reply: FakeReply, model: string, stream: boolean): ProviderReply {
  const { delayMs, status, headers, wire = {} } = reply;
  const type = stream ? "text/event-stream; charset=utf-8" : "application/json";
  return {
    ...(delayMs !== undefined && { delayMs }),
    ...(status !== undefined && { status }),
    headers: { "content-type": type, "request-id": "req_fake", ...headers },
    body: stream ? toRecords(reply, model) : [JSON.stringify(toMessage(reply, model))],
    wire,
  };
}
