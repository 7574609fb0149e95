import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { Asked } from "./serve.ts";

export type ChatHandler = (
  request: IncomingMessage & { readonly body: Asked },
  response: JsonResponse,
) => Promise<void>;
type JsonResponse = ServerResponse & { json(value: unknown): void };
type Middleware = (...args: never[]) => unknown;

interface Express {
  (): App;
  json(): Middleware;
}

interface App {
  (request: IncomingMessage, response: ServerResponse): void;
  use(handler: Middleware): void;
  post(path: string, handler: ChatHandler): void;
}

/** Express with the types of what is used here: it brings none of its own. */
export const express = createRequire(import.meta.url)("express") as Express;

/** An app with one route, as the guides of the SDKs have it. */
export function chatApp(handler: ChatHandler): App {
  const app = express();
  app.use(express.json());
  app.post("/api/v1/chat", handler);
  return app;
}
