import { catalog, type ErrorCode } from "@parlor/core";
import type { FailureFormat } from "../problem/failure-format.ts";
import { toProblemBody } from "../problem/problem.ts";
import type { MountedRoute, ReplyDoc, Route } from "../route.ts";
import { errorsOf } from "./errors.ts";
import { type JsonSchema, toJsonSchema } from "./json-schema.ts";
import { requirementsOf, type Security } from "./security.ts";

const names: { readonly [status: number]: string } = {
  200: "OK",
  201: "Created",
  204: "No content",
  304: "Not modified",
  503: "Service unavailable",
};

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Makes a retry safe: for 24 hours the same key with the same fields gives the same turn.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

/** A row of a surface's table as an Operation Object. */
export function toOperation(route: MountedRoute, security: Security): object {
  const { group, access, method, path, params, query, body, summary, startsTurn } = route;
  const parameters = [
    ...(params ? toParameters(toJsonSchema(params), "path") : []),
    ...(query ? toParameters(toJsonSchema(query), "query") : []),
    ...(startsTurn ? [idempotencyKey] : []),
  ];
  return {
    tags: [group],
    operationId: [method.toLowerCase(), ...(path.match(/[a-z0-9]+/gi) ?? ["root"])].reduce(camel),
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: toRequestBody(toJsonSchema(body)) }),
    responses: toResponses(route),
    security: requirementsOf(access, security),
  };
}

const camel = (before: string, word: string) => before + word.slice(0, 1).toUpperCase() + word.slice(1);

function toParameters({ properties = {}, required = [] }: JsonSchema, place: "path" | "query"): object[] {
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }));
}

function toRequestBody(schema: JsonSchema): object {
  const { required = [], properties } = schema;
  // The one that pages make up would have every field, and so ask for a stream of a single token.
  const fields = required.map((name) => [name, properties?.[name]?.examples?.[0]] as const);
  const example = fields.every(([, value]) => value !== undefined) ? Object.fromEntries(fields) : undefined;
  return { required: required.length > 0, content: { "application/json": { schema, example } } };
}

function toResponses(route: Route): object {
  const responses: Record<number, { description: string; content?: object }> = {};
  for (const reply of route.replies) {
    const { status = 200 } = reply;
    const { description = names[status] ?? `Status ${status}` } = reply;
    const before = responses[status];
    const content = { ...before?.content, ...toContent(reply) };
    responses[status] = {
      description: [before?.description, description].filter(Boolean).join(" "),
      ...(Object.keys(content).length > 0 && { content }),
    };
  }
  for (const [status, codes] of errorsOf(route)) {
    const { description, content } = toFailure(codes, route.failure);
    const before = responses[status];
    responses[status] = {
      description: before ? `${before.description}\n\n${description}` : description,
      content: { ...before?.content, ...content },
    };
  }
  return responses;
}

function toContent({ schema, type = schema && "application/json" }: ReplyDoc): object {
  if (type === undefined) return {};
  return { [type]: { schema: schema ? toJsonSchema(schema) : { type: "string" } } };
}

function toFailure(
  codes: readonly ErrorCode[],
  format: FailureFormat | undefined,
): { description: string; content: object } {
  const description = codes.map((one) => `\`${one}\`: ${catalog[one].title}.`).join("\n\n");
  if (format?.schema) return { description, content: toContent({ schema: format.schema, type: format.type }) };
  const schema = {
    allOf: [{ $ref: "#/components/schemas/Problem" }],
    properties: { code: { enum: codes } },
  };
  const [code] = codes;
  const message = "A sentence that says what to do.";
  const example = code && toProblemBody({ code, ...catalog[code], message, errors: undefined }, "0199…");
  return {
    description,
    content: { "application/problem+json": { schema, example } },
  };
}
