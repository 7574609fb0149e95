import { ChatError, type GenerateRequest, type ModelBackend, type ModelInfo } from "@parlor/core";
import type { Answer } from "./answer.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { PassiveHealth } from "./health.ts";
import { type EventReader, streamAnswer } from "./stream-answer.ts";

/** What a service needs of its own to be a backend. */
export interface RemoteService<Body> {
  readonly info: ModelInfo;
  /** The service, for sentences. */
  readonly name: string;
  readonly retries: number;
  /** The request as the service takes it; made once per call, however often that is sent. Throws ChatErrors. */
  readonly toBody: (request: GenerateRequest) => Body;
  /** Sends a call; resolves at the headers of a successful answer. Throws ChatErrors. */
  readonly ask: (body: Body, signal: AbortSignal) => Promise<Answer>;
  /** Makes events of one answer. */
  readonly reader: (request: GenerateRequest) => EventReader;
  /** Closes every connection. */
  readonly close: () => void;
}

/** The service as a backend: retries, one array of events per network read, health by what the last calls met, tokens by estimate. */
export function remoteBackend<Body>(service: RemoteService<Body>): ModelBackend {
  const { info, name, retries, toBody, reader } = service;
  const health = new PassiveHealth();
  let closed = false;
  return {
    info,
    generate(request, signal) {
      let body: Body | undefined;
      const ask = (): Promise<Answer> => {
        if (closed) throw new ChatError("draining", `The backend ${name} is closed.`);
        return service.ask((body ??= toBody(request)), signal);
      };
      const { onRetry } = request;
      return streamAnswer({ name, ask, events: reader(request), retries, onRetry, health }, signal);
    },
    countTokens: estimateTokens,
    health: () => Promise.resolve(health.state),
    close() {
      closed = true;
      service.close();
      return Promise.resolve();
    },
  };
}
