import type { GenerateContentParameters, GoogleGenAI } from "@google/genai";
import { GoogleGenAI as WebGenAI } from "@google/genai/web";
import { ChatError } from "@parlor/core";
import {
  causeIn,
  fromTransport,
  nodeFetch,
  retryAfterOf,
  startOf,
  type Answer,
  type Asking,
  type NodeFetch,
} from "@parlor/wire";
import { fromStatus, type GoogleError } from "./errors.ts";
import type { RequestBody } from "./gemini.ts";
import type { GoogleOptions, Resolved } from "./options.ts";

const plain = { "accept-encoding": "identity" };

type Client = { readonly models: Pick<GoogleGenAI["models"], "generateContentStream"> };

/** The SDK wants a key even where none is to be sent. */
const noKey = "none";

/** For the SDK, in place of the answer, which it does not get to read. */
const unread = new Response();

/**
 * The SDK makes each request (address, credentials, headers, and of Vertex AI another body), and hands it to the `fetch` that it is
 * given. What comes back is read here: docs/decisions/0006-google-sdks.md says why.
 */
export function askThrough(given: GoogleOptions, options: Resolved): Asking<RequestBody> {
  const client = given.client ?? clientOf(options);
  const foreign = given.fetch ?? (given.client && fetchOf(given.client));
  const { fetch, close }: NodeFetch = foreign ? { fetch: foreign, close() {} } : nodeFetch(options.connectMs);

  async function ask(body: RequestBody, signal: AbortSignal): Promise<Answer> {
    let answered: Answer | undefined;
    let failure: ChatError | undefined;
    const send = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
      try {
        answered = await fetch(input instanceof Request ? input.url : `${input}`, toPost(init, signal));
      } catch (error) {
        failure = init.signal?.aborted ? tooLate() : fromTransport("Google", error);
      }
      return unread;
    };
    try {
      await untilAborted(client.models.generateContentStream(toParameters(body, options, send)), signal);
    } catch (error) {
      failure ??= fromClient(error);
    }
    if (failure) throw failure;
    if (answered === undefined) {
      throw new ChatError("backend_error", "Google's client does not take a fetch. Bring one of @google/genai 3.");
    }
    const { status, headers } = answered;
    if (status >= 200 && status < 300) return answered;
    throw fromStatus(status, errorIn(await startOf(answered)), retryAfterOf(headers, Date.now()));
  }
  return { ask, close };
}

/**
 * The web build makes the same requests. It reads nothing from the environment, and comes without Google's login library, which takes
 * 70 ms and 20 MB.
 */
function clientOf({ apiKey, baseURL, apiVersion, headers }: Resolved): Client {
  return new WebGenAI({
    apiKey: apiKey ?? noKey,
    apiVersion,
    httpOptions: { baseUrl: baseURL, apiVersion, headers: { ...headers } },
  });
}

/** What a client that was brought along was told to fetch with; the SDK has no other way to ask it. */
function fetchOf(client: GoogleGenAI): GoogleOptions["fetch"] {
  return client["httpOptions"]?.fetch;
}

type Config = NonNullable<GenerateContentParameters["config"]>;

function toParameters(body: RequestBody, options: Resolved, fetch: typeof globalThis.fetch): GenerateContentParameters {
  const { contents, generationConfig, ...rest } = body;
  const { extraBody } = options;
  const config = {
    ...rest,
    ...generationConfig,
    automaticContinuation: false,
    automaticFunctionCalling: { disable: true },
    httpOptions: { fetch, ...(Object.keys(extraBody).length > 0 && { extraBody }) },
  };
  return {
    model: options.model,
    contents: contents as GenerateContentParameters["contents"],
    config: config as Config,
  };
}

function toPost({ headers: made, body, signal: own }: RequestInit, signal: AbortSignal) {
  const { "x-goog-api-key": key, ...headers } = Object.fromEntries(made as Headers);
  return {
    method: "POST",
    headers: { ...headers, ...(key !== undefined && key !== noKey && { "x-goog-api-key": key }), ...plain },
    body: body as string,
    // A client's own time limit comes as a signal of its own.
    signal: own ? AbortSignal.any([own, signal]) : signal,
    redirect: "manual",
  } as const;
}

/** A client of somebody else may log in before it asks, which knows no signal. */
function untilAborted(made: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new DOMException("The call was aborted", "AbortError"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    made.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** `{ error: { … } }`, an array of it, or what somebody else says. */
function errorIn(text: string): GoogleError | undefined {
  try {
    const told = JSON.parse(text) as unknown;
    const [first] = [told].flat() as readonly ({ readonly error?: unknown } | null)[];
    const error = first?.error;
    return typeof error === "object" && error !== null ? error : { message: error };
  } catch {
    return undefined;
  }
}

/** The client failed before it sent anything: what it says may hold credentials. */
function fromClient(error: unknown): ChatError {
  if (causeIn(error)) return fromTransport("Google", error);
  return new ChatError(
    "backend_auth",
    "Google's client could not make the request. Check its credentials and settings.",
  );
}

/** A client's own time limit is over. */
function tooLate(): ChatError {
  return new ChatError("backend_timeout", "Google took longer than its client allows. Raise the client's timeout.");
}
