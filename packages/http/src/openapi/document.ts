import type { Group } from "../options.ts";
import type { MountedRoute } from "../route.ts";
import { problemSchema } from "./errors.ts";
import { toOperation } from "./operation.ts";
import type { Security } from "./security.ts";

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly security: Security;
}

/** For `servers`: where we are mounted. */
export type OpenApiDocument = (prefix: string) => object;

const about: { readonly [group in Group]: string } = {
  v1: "Turns, streams that resume, sessions. `system_prompt` counts for one turn.",
  simple: "Turns in one piece or as plain text. `system_prompt` is the session's.",
  conversations: "Conversations for a front end: titles, favourites, versions of an answer.",
  admin: "Accounts, logins, and what is asked about the model's provider.",
  system: "The server itself.",
  openai: "The protocol of the `openai` SDK.",
  "ui-stream": "The protocol of the AI SDK's `useChat`.",
};

const description = `Optional fields of a request take \`null\` or \`""\` for absent, and unknown ones are ignored. Times are ISO 8601 in UTC.
Every reply has \`X-Request-Id\`. Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`, unless a route says otherwise; those that
may pass have \`Retry-After\` in seconds, where that is known. Somebody else's session is a 404, as one that is not there.

A stream of server-sent events numbers its events by \`id:\`. \`Last-Event-ID\`, or \`?after=\`, with the last one seen gives every later event once, where the route says that it resumes.`;

/** OpenAPI 3.1 of these routes. Throws where a schema holds what JSON Schema cannot say. */
export function toOpenApi(routes: readonly MountedRoute[], { title, version, security }: ApiInfo): OpenApiDocument {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const item = (paths[route.path] ??= {});
    item[route.method.toLowerCase()] = toOperation(route, security);
  }
  const groups = new Set(routes.map(({ group }) => group));
  const tags = Array.from(groups, (name) => ({ name, description: about[name] }));
  const components = { schemas: { Problem: problemSchema }, securitySchemes: security.schemes };
  return (prefix) => ({
    openapi: "3.1.1",
    info: { title, version, description },
    // Relative: to where this document comes from.
    servers: [{ url: prefix || "/" }],
    tags,
    paths,
    components,
  });
}
