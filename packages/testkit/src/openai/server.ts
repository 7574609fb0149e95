import { fakeProvider, type FakeProvider, type ProviderReply, type ProviderRequest } from "../provider/index.ts";
import { failure, text, type FakeReply } from "./reply.ts";
import { toCompletion, toRecords, type Asked } from "./records.ts";

export interface FakeOpenAIOptions {
  /** What every request gets that `next` has nothing for. Default: the text `Hello from the fake.` in four pieces. */
  readonly reply?: FakeReply | ((request: FakeRequest) => FakeReply);
  /** What `GET /v1/models` lists. Default `["fake"]`. Any model name is answered. */
  readonly models?: readonly string[];
  /** Default 0: any free port. */
  readonly port?: number;
  /** Whether `requests` fills; default true. A long benchmark turns it off. */
  readonly record?: boolean;
}

export interface FakeRequest extends ProviderRequest {
  readonly body: FakeRequestBody | undefined;
}

/** The fields the fake reads, and whatever else was sent. */
export interface FakeRequestBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages?: readonly { readonly role: string; readonly content?: unknown }[];
  readonly [key: string]: unknown;
}

/** `url` ends with `/v1`, as a client's base URL. */
export interface FakeOpenAI extends Omit<FakeProvider<FakeReply>, "requests" | "request"> {
  readonly requests: readonly FakeRequest[];
  readonly request: (index: number) => Promise<FakeRequest>;
}

const greeting: FakeReply = { steps: text("Hello", " from", " the", " fake.") };

/**
 * An OpenAI that answers what a test tells it to, byte for byte as the real one does, on 127.0.0.1. Serves
 * `POST /v1/chat/completions` (streamed or not) and `GET /v1/models`. A benchmark runs it in a process of its own.
 */
export async function fakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  const { reply = greeting, models = ["fake"], port, record } = options;
  const list: ProviderReply = { headers: json, body: JSON.stringify(listOf(models)) };
  const provider = await fakeProvider<FakeReply>({
    reply,
    render: renderer(),
    route({ method, path }) {
      if (method === "GET" && path === "/v1/models") return list;
      return method === "POST" && path === "/v1/chat/completions" ? undefined : notFound;
    },
    ...(port !== undefined && { port }),
    ...(record !== undefined && { record }),
  });
  return { ...provider, url: `${provider.url}/v1` };
}

const json = { "content-type": "application/json", "x-request-id": "req_fake" };
const notFound = failure(404, { message: "Unknown request URL", type: "invalid_request_error", code: "unknown_url" });
const notJson = failure(400, { message: "The body is not JSON", type: "invalid_request_error" });

function listOf(models: readonly string[]): unknown {
  const data = models.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "fake" }));
  return { object: "list", data };
}

/** Each reply is rendered once for what can be asked of it, so that serving it again costs only the writes. */
function renderer(): (reply: FakeReply, request: FakeRequest) => ProviderReply {
  const rendered = new WeakMap<FakeReply, Map<string, ProviderReply>>();
  return (reply, { body }) => {
    if (reply.body !== undefined) return reply as ProviderReply;
    if (body === undefined) return notJson;
    const asked: Asked = {
      model: body.model ?? "fake",
      stream: body.stream === true,
      includeUsage: body.stream_options?.include_usage === true,
    };
    const key = `${asked.stream} ${asked.includeUsage} ${asked.model}`;
    const known = rendered.get(reply) ?? new Map<string, ProviderReply>();
    rendered.set(reply, known);
    const made = known.get(key) ?? render(reply, asked);
    known.set(key, made);
    return made;
  };
}

function render(reply: FakeReply, asked: Asked): ProviderReply {
  const { delayMs, status, headers, wire = {} } = reply;
  return {
    ...(delayMs !== undefined && { delayMs }),
    ...(status !== undefined && { status }),
    headers: { ...json, ...(asked.stream && { "content-type": "text/event-stream; charset=utf-8" }), ...headers },
    body: asked.stream ? toRecords(reply, asked) : [JSON.stringify(toCompletion(reply, asked))],
    wire,
  };
}
