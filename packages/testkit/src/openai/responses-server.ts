import type { Answer } from "../backend/index.ts";
import {
  fakeProvider,
  type FakeProvider,
  type ProviderReply,
  type ProviderRequest,
  type Wire,
} from "../provider/index.ts";
import { failure } from "./reply.ts";
import { toResponsesEvents, toResponsesRecord } from "./responses-records.ts";

/** An answer, or the bytes of a failure (`failure`). */
export type FakeResponse = (Answer & { readonly wire?: Wire }) | ProviderReply;

export interface FakeResponsesOptions {
  /** What every request gets that `next` has nothing for. Default: the text `Hello from the fake.` in four pieces. */
  readonly reply?: FakeResponse | ((request: ProviderRequest) => FakeResponse);
  /** Default 0: any free port. */
  readonly port?: number;
}

const greeting: Answer = { said: ["Hello", " from", " the", " fake."].map((text) => ({ text })) };

/**
 * An OpenAI that speaks the Responses API on 127.0.0.1: `POST /v1/responses`, streamed or not. `url` ends with `/v1`, as a client's
 * base URL.
 */
export async function fakeResponses(options: FakeResponsesOptions = {}): Promise<FakeProvider<FakeResponse>> {
  const { reply = greeting, port } = options;
  const provider = await fakeProvider<FakeResponse>({
    reply,
    render,
    route: ({ method, path }) => (method === "POST" && path === "/v1/responses" ? undefined : notFound),
    ...(port !== undefined && { port }),
  });
  return { ...provider, url: `${provider.url}/v1` };
}

const { status = 404, headers = {}, body = "" } = failure(404, { message: "Unknown request URL", code: "unknown_url" });
const notFound: ProviderReply = { status, headers, body };

function render(reply: FakeResponse, request: ProviderRequest): ProviderReply {
  if (!("said" in reply)) return reply;
  const { wire = {} } = reply;
  const events = toResponsesEvents(reply);
  if (request.body?.["stream"] === true) {
    return { headers: { "content-type": "text/event-stream" }, body: events.map(toResponsesRecord), wire };
  }
  const whole = JSON.stringify(events.at(-1)?.["response"]);
  return { headers: { "content-type": "application/json" }, body: [whole], wire };
}
