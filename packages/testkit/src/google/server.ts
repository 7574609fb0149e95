import { fakeProvider, type FakeProvider, type ProviderReply, type ProviderRequest } from "../provider/index.ts";
import { toArray, toRecords } from "./records.ts";
import { failure, text, type GeminiReply } from "./reply.ts";

export interface FakeGoogleOptions {
  /** What every request gets that `next` has nothing for. Default: the text `Hello from the fake.` in four pieces. */
  readonly reply?: GeminiReply | ((request: ProviderRequest) => GeminiReply);
  /** Default 0: any free port. */
  readonly port?: number;
  /** Whether `requests` fills; default true. A long benchmark turns it off. */
  readonly record?: boolean;
}

export type FakeGoogle = FakeProvider<GeminiReply>;

const greeting: GeminiReply = { steps: text("Hello", " from", " the", " fake.") };

/**
 * A Gemini API that answers what a test tells it to, byte for byte as the real one does, on 127.0.0.1. Serves
 * `POST /<version>/models/<model>:streamGenerateContent`, whatever the version and the model; without `alt=sse` as an array.
 */
export async function fakeGoogle(options: FakeGoogleOptions = {}): Promise<FakeGoogle> {
  const { reply = greeting, port, record } = options;
  return fakeProvider<GeminiReply>({
    reply,
    render: renderer(),
    route({ method, path, headers }) {
      if (method !== "POST" || modelIn(path) === undefined) return notFound;
      return headers["x-goog-api-key"] === undefined && headers.authorization === undefined ? unregistered : undefined;
    },
    ...(port !== undefined && { port }),
    ...(record !== undefined && { record }),
  });
}

const notFound = plain(failure(404, "NOT_FOUND", { message: "Requested entity was not found." }));
const unregistered = plain(failure(403, "PERMISSION_DENIED", { message: "Please use API Key or other identity." }));
const notJson = plain(failure(400, "INVALID_ARGUMENT", { message: "Invalid JSON payload received." }));

function modelIn(path: string): string | undefined {
  return /^\/(?:v\d\w*\/)?(?:.*\/)?([^/]+):streamGenerateContent$/.exec(path)?.[1];
}

/** Each reply is rendered once for what can be asked of it, so that serving it again costs only the writes. */
function renderer(): (reply: GeminiReply, request: ProviderRequest) => ProviderReply {
  const rendered = new WeakMap<GeminiReply, Map<string, ProviderReply>>();
  return (reply, { path, query, body }) => {
    if (reply.body !== undefined) return plain(reply);
    if (body === undefined) return notJson;
    const model = modelIn(path) ?? "fake";
    const sse = new URLSearchParams(query).get("alt") === "sse";
    const key = `${sse} ${model}`;
    const known = rendered.get(reply) ?? new Map<string, ProviderReply>();
    rendered.set(reply, known);
    const made = known.get(key) ?? render(reply, model, sse);
    known.set(key, made);
    return made;
  };
}

function render(reply: GeminiReply, model: string, sse: boolean): ProviderReply {
  const { delayMs, status, headers, wire = {} } = reply;
  return {
    ...(delayMs !== undefined && { delayMs }),
    ...(status !== undefined && { status }),
    headers: { "content-type": sse ? "text/event-stream" : "application/json; charset=UTF-8", ...headers },
    body: sse ? toRecords(reply, model) : [JSON.stringify(toArray(reply, model))],
    // Google's own lines end so.
    wire: { lineEnd: "\r\n", ...wire },
  };
}

function plain({ status, headers, body = "", delayMs }: GeminiReply): ProviderReply {
  return {
    body,
    ...(status !== undefined && { status }),
    ...(headers && { headers }),
    ...(delayMs !== undefined && { delayMs }),
  };
}
