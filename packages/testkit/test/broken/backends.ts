import { ChatError, type BackendEvent, type GenerateRequest, type ModelBackend } from "@parlor/core";
import { openai } from "@parlor/openai";
import type { BackendSettings } from "@parlor/testkit/backend";

export interface BrokenBackend {
  readonly name: string;
  readonly topic: string;
  readonly noticedBy: string;
  readonly create: (settings: BackendSettings) => ModelBackend;
}

type Options = Partial<Parameters<typeof openai>[0]>;

const sound = ({ url, ...settings }: BackendSettings, more: Options = {}): ModelBackend =>
  openai({ model: "fake", baseURL: `${url}/v1`, ...settings, ...more });

type Generate = ModelBackend["generate"];

/** A sound backend with another `generate`. */
const answering =
  (generate: (sound: ModelBackend, settings: BackendSettings) => Generate): BrokenBackend["create"] =>
  (settings) => {
    const backend = sound(settings);
    return { ...backend, generate: generate(backend, settings) };
  };

/** Changes or drops events. */
const saying = (change: (event: BackendEvent) => BackendEvent | readonly BackendEvent[]): BrokenBackend["create"] =>
  answering(
    (backend) =>
      async function* (request, signal) {
        for await (const batch of backend.generate(request, signal)) yield batch.flatMap(change);
      },
  );

const asking = (change: (request: GenerateRequest) => GenerateRequest): BrokenBackend["create"] =>
  answering((backend) => (request, signal) => backend.generate(change(request), signal));

/** Does this with the error of a call. */
const failing = (
  otherwise: (
    error: ChatError,
    again: () => AsyncIterable<readonly BackendEvent[]>,
    settings: BackendSettings,
  ) => AsyncIterable<readonly BackendEvent[]>,
): BrokenBackend["create"] =>
  answering(
    (backend, settings) =>
      async function* (request, signal) {
        try {
          yield* backend.generate(request, signal);
        } catch (error) {
          yield* otherwise(error as ChatError, () => backend.generate(request, signal), settings);
        }
      },
  );

async function* throws(error: unknown): AsyncGenerator<readonly BackendEvent[]> {
  yield await Promise.reject(error);
}

async function* finishes(): AsyncGenerator<readonly BackendEvent[]> {
  yield [{ type: "finish", reason: "stop" }];
}

/** Reads the whole body before it hands any of it on, however long that is. */
async function hoarding(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  return new Response(await response.text(), { status: response.status, headers: response.headers });
}

export const brokenBackends: readonly BrokenBackend[] = [
  {
    name: "the end of a stream is taken for the end of the answer",
    topic: "a stream that is cut at every byte",
    noticedBy: "by FIN: the same",
    create: failing((error) => (error.code === "upstream_truncated" ? finishes() : throws(error))),
  },
  {
    name: "each token is an event",
    topic: "text",
    noticedBy: "that came in one read is one event",
    create: (settings) => sound(settings, { coalesce: false }),
  },
  {
    name: "an answer is handed on when it is whole",
    topic: "text",
    noticedBy: "is handed on before more of it comes",
    create: (settings) => sound(settings, { fetch: hoarding }),
  },
  {
    name: "an event without end is waited for",
    topic: "what is too large",
    noticedBy: "T40: an event without end is given up at 1 MB",
    create: (settings) => sound(settings, { fetch: hoarding }),
  },
  {
    name: "thoughts are text",
    topic: "text",
    noticedBy: "and thoughts are told apart, in their order",
    create: saying((event) => (event.type === "reasoning" ? { type: "text", text: event.text } : event)),
  },
  {
    name: "something follows the finish",
    topic: "text",
    noticedBy: "comes whole and in order, then one finish",
    create: saying((event) => (event.type === "finish" ? [event, { type: "text", text: "" }] : event)),
  },
  {
    name: "cached tokens are left out",
    topic: "usage and the reason to finish",
    noticedBy: "tokens in include those that the provider had cached",
    create: saying((event) => {
      if (event.type !== "usage") return event;
      const { inputTokens, cachedInputTokens = 0 } = event.usage;
      return { ...event, usage: { ...event.usage, inputTokens: inputTokens - cachedInputTokens } };
    }),
  },
  {
    name: "every answer stops",
    topic: "usage and the reason to finish",
    noticedBy: "the reason length is told",
    create: saying((event) => (event.type === "finish" ? { ...event, reason: "stop" } : event)),
  },
  {
    name: "tools are kept from the model",
    topic: "tools",
    noticedBy: "are told of, with their schemas",
    create: asking(({ messages, settings }) => ({ messages, settings })),
  },
  {
    name: "a tool is called twice for one call",
    topic: "tools",
    noticedBy: "are called with input put together from its fragments",
    create: saying((event) => (event.type === "tool-call" ? [event, event] : event)),
  },
  {
    name: "an image's address is fetched",
    topic: "images and files",
    noticedBy: "T23: an image's address is handed on and not fetched",
    create: answering(
      (backend) =>
        async function* (request, signal) {
          for (const { parts } of request.messages)
            for (const part of parts) if (part.type === "image" && part.url.startsWith("http")) await fetch(part.url);
          yield* backend.generate(request, signal);
        },
    ),
  },
  {
    name: "a part of an answer is asked for again",
    topic: "trying again",
    noticedBy: "is over once a part of the answer came",
    create: failing((error, again) => (error.code === "upstream_truncated" ? again() : throws(error))),
  },
  {
    name: "refused credentials are tried again",
    topic: "trying again",
    noticedBy: "a call that failed with backend_auth is not made again",
    create: failing((error, again) => (error.code === "backend_auth" ? again() : throws(error))),
  },
  {
    name: "the key is in the cause of an error",
    topic: "failures",
    noticedBy: "an HTTP answer that means backend_auth is that",
    create: failing((error, _, { apiKey }) =>
      throws(new ChatError(error.code, error.message, { cause: new Error(`Bearer ${apiKey}`) })),
    ),
  },
  {
    name: "a failure is no ChatError",
    topic: "failures",
    noticedBy: "an HTTP answer that means backend_error is that",
    create: failing((error) => throws(new Error(error.message))),
  },
  {
    name: "nobody can end a call",
    topic: "ending a call",
    noticedBy: "in the middle closes the connection and leaves nothing",
    create: answering((backend) => (request) => backend.generate(request, new AbortController().signal)),
  },
  {
    name: "a call leaves a listener",
    topic: "ending a call",
    noticedBy: "well or badly leaves no listener on a signal that lives on",
    create: answering((backend) => (request, signal) => {
      signal.addEventListener("abort", () => {});
      return backend.generate(request, signal);
    }),
  },
  {
    name: "connections stay open",
    topic: "closing",
    noticedBy: "closes connections that were kept for later",
    create: (settings) => ({ ...sound(settings), close: () => Promise.resolve() }),
  },
  {
    name: "health asks the provider",
    topic: "prompts",
    noticedBy: "health is told without asking anybody",
    create: (settings) => ({
      ...sound(settings),
      health: async () => ({ healthy: (await fetch(`${settings.url}/v1/models`)).status > 0 }),
    }),
  },
  {
    name: "something is declared that it cannot do",
    topic: "capabilities",
    noticedBy: "that are declared are those that are tested",
    create: (settings) => {
      const backend = sound(settings);
      return { ...backend, info: { ...backend.info, capabilities: ["streaming"] } };
    },
  },
];
