import { Agent, type IncomingMessage, request } from "node:http";
import { model, providerUrl } from "./serve.ts";

/** What is read of one of the provider's events. */
export interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  readonly usage?: unknown;
}

const agent = new Agent({ keepAlive: true });
const { hostname, port, pathname } = new URL(`${providerUrl}/chat/completions`);

/** Asks the provider for a stream, as the least that does. */
export function askProvider(fields: object, answered: (reply: IncomingMessage) => void): void {
  const body = JSON.stringify({ model, stream: true, ...fields });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  request({ agent, hostname, port, path: pathname, method: "POST", headers }, answered).end(body);
}
