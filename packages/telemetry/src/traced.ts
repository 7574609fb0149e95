import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import { type BackendEvent, ChatError, type GenerateRequest, type ModelBackend, type ModelInfo } from "@parlor/core";
import { spanAttributes as names } from "./names.ts";
import { withGenerate } from "./prometheus.ts";

export interface TracedOptions {
  /** Default: that of the app's own provider; without one nothing is traced. */
  readonly tracer?: Tracer;
}

type Batch = readonly BackendEvent[];

/**
 * The backend, with an OpenTelemetry span for each call: from asking to the end of the stream, its retries included, as a child of what is
 * active where the turn began. A span holds no text.
 */
export function traced<B extends ModelBackend>(backend: B, options: TracedOptions = {}): B {
  return withGenerate(backend, (request, signal) => call(backend, options, request, signal));
}

async function* call(
  backend: ModelBackend,
  { tracer = trace.getTracer("@parlor/telemetry") }: TracedOptions,
  request: GenerateRequest,
  signal: AbortSignal,
): AsyncGenerator<Batch, void> {
  const { info } = backend;
  const kind = info.kind === "local" ? SpanKind.INTERNAL : SpanKind.CLIENT;
  const span = tracer.startSpan(`chat ${info.model}`, { kind, attributes: toAttributes(info, request) });
  const active = trace.setSpan(context.active(), span);
  const since = performance.now();
  let retries = 0;
  const asked: GenerateRequest = {
    ...request,
    onRetry(code) {
      retries += 1;
      span.addEvent("retry", { [names.error]: code });
      request.onRetry?.(code);
    },
  };
  try {
    // Requests that the backend makes are this span's children.
    const batches = context.with(active, () => backend.generate(asked, signal)[Symbol.asyncIterator]());
    try {
      for (let first = true; ; first = false) {
        const result = await context.with(active, () => batches.next());
        if (result.done) break;
        if (first) span.setAttribute(names.timeToFirstChunk, (performance.now() - since) / 1000);
        for (const event of result.value) note(span, event);
        yield result.value;
      }
    } finally {
      await batches.return?.();
    }
    if (signal.aborted) span.setAttribute(names.error, "aborted");
  } catch (error) {
    const code = ChatError.isInstance(error) ? error.code : "internal";
    span.setAttribute(names.error, code);
    // The message of an error that is not ours could hold anything.
    span.setStatus({ code: SpanStatusCode.ERROR, ...(ChatError.isInstance(error) && { message: error.message }) });
    throw error;
  } finally {
    if (retries > 0) span.setAttribute(names.retries, retries);
    span.end();
  }
}

function toAttributes(info: ModelInfo, { settings, turn }: GenerateRequest): Attributes {
  const url = info.baseUrl === undefined ? undefined : URL.parse(info.baseUrl);
  return {
    [names.operation]: "chat",
    [names.provider]: info.provider,
    [names.requestModel]: info.model,
    [names.stream]: true,
    [names.temperature]: settings.temperature,
    [names.topP]: settings.topP,
    [names.topK]: settings.topK,
    [names.maxTokens]: settings.maxTokens,
    [names.turn]: turn?.id,
    [names.conversation]: turn?.session,
    [names.serverAddress]: url?.hostname,
    [names.serverPort]: url ? Number(url.port || (url.protocol === "https:" ? 443 : 80)) : undefined,
  };
}

function note(span: Span, event: BackendEvent): void {
  if (event.type === "finish") span.setAttribute(names.finishReasons, [event.reason]);
  if (event.type !== "usage") return;
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = event.usage;
  span.setAttribute(names.inputTokens, inputTokens);
  span.setAttribute(names.outputTokens, outputTokens);
  if (cachedInputTokens !== undefined) span.setAttribute(names.cachedTokens, cachedInputTokens);
  if (reasoningTokens !== undefined) span.setAttribute(names.reasoningTokens, reasoningTokens);
}
