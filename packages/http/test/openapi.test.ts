import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { respond } from "../src/fetch/index.ts";
import type { HandlerOptions } from "../src/index.ts";
import { world } from "./world.ts";

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: { readonly [status: string]: { readonly content?: { readonly [type: string]: unknown } } };
}

interface Description {
  readonly info: object;
  readonly servers: readonly object[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly securitySchemes: object };
}

async function describe(options: Partial<HandlerOptions<Request>> = {}): Promise<Description> {
  const reply = await world(options).ask("GET", "/openapi.json");
  expect(reply?.status).toBe(200);
  return (await reply?.json()) as Description;
}

const operationsOf = ({ paths }: Description) => Object.values(paths).flatMap((path) => Object.values(path));

test("a public validator takes the description", async () => {
  const validator = new Validator();
  const result = await validator.validate({ ...(await describe()) });
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("every operation says what it does and what it replies, under a name of its own", async () => {
  const operations = operationsOf(await describe());
  for (const { operationId, summary = "", responses } of operations) {
    expect(`${operationId}: ${summary}`).toMatch(/: [A-Z].*[^.]$/);
    expect(`${operationId}: ${Object.keys(responses)[0]}`).toMatch(/: (?:101|2\d\d)$/);
  }
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

test("info is the service's; only mounted groups are described", async () => {
  const description = await describe({ service: "my-chat", version: "1.2.3", groups: ["simple", "system"] });
  expect(description.info).toMatchObject({ title: "my-chat", version: "1.2.3" });
  expect(description.tags.map(({ name }) => name)).toEqual(["simple", "system"]);
  expect(Object.keys(description.paths)).toContain("/chat");
  expect(Object.keys(description.paths).filter((path) => path.startsWith("/api/v1"))).toEqual([]);
});

test("parameters, bodies and replies come from the schemas", async () => {
  const { paths } = await describe();
  expect(paths["/api/v1/sessions/{session_id}"]?.["get"]).toMatchObject({
    operationId: "getApiV1SessionsSessionId",
    parameters: [
      { name: "session_id", in: "path", required: true, schema: { type: "string", examples: ["s1"] } },
      {
        name: "limit",
        in: "query",
        required: false,
        schema: { type: "integer", minimum: 1, maximum: 1000, default: 200 },
      },
      { name: "before", in: "query", required: false },
    ],
    responses: {
      200: { content: { "application/json": { schema: { required: expect.arrayContaining(["messages"]) } } } },
      404: {
        description: expect.stringContaining("`session_not_found`: Session not found."),
        content: {
          "application/problem+json": {
            schema: { properties: { code: { enum: ["session_not_found", "not_found"] } } },
          },
        },
      },
    },
  });
  expect(paths["/chat"]?.["post"]).toMatchObject({
    parameters: [{ name: "Idempotency-Key", in: "header" }],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: { required: ["session_id", "message"] },
          example: { session_id: "s1", message: "Hello" },
        },
      },
    },
  });
  expect(Object.keys(paths["/api/v1/chat"]?.["post"]?.responses["200"]?.content ?? {})).toEqual([
    "application/json",
    "text/event-stream",
  ]);
});

const known = () => ({ id: "ada" });
const byKey = Object.assign(known, { scheme: { type: "apiKey", in: "header", name: "x-user" } as const });
const bearer = { type: "http", scheme: "bearer" };

test.for<[string, Partial<HandlerOptions<Request>>, object, object[], object[]]>([
  ["a function of one's own", { auth: () => ({ id: "ada" }) }, { bearer }, [{ bearer: [] }], [{ bearer: [] }]],
  ["a header of one's own", { auth: byKey }, { "x-user": byKey.scheme }, [{ "x-user": [] }], [{ "x-user": [] }]],
  [
    "several",
    { auth: [byKey, () => undefined], access: "public" },
    { "x-user": byKey.scheme, bearer },
    [{}, { "x-user": [] }, { bearer: [] }],
    [{ "x-user": [] }, { bearer: [] }],
  ],
  ["none", { auth: [], access: "public" }, {}, [], []],
])("what `auth` is tells what to send: %s", async ([, options, schemes, user, admin]) => {
  const { paths, components } = await describe(options);
  expect(components.securitySchemes).toEqual(schemes);
  expect(paths["/sessions"]?.["get"]?.security).toEqual(user);
  expect(paths["/chat/memory/stats"]?.["get"]?.security).toEqual(admin);
  expect(paths["/status"]?.["get"]?.security).toEqual([]);
});

test("a prefix out of the address names no other host", async () => {
  const docs = {
    page: (_: string, links: object) => ({ html: JSON.stringify(links), policy: "" }),
    file: () => undefined,
  };
  const { handler } = world({ docs });
  const get = async (path: string) => {
    const request = new Request(`http://localhost//evil.example${path}`);
    return (await respond(handler, request, { prefix: "//evil.example", raw: request }))?.json();
  };
  expect(await get("/openapi.json")).toMatchObject({ servers: [{ url: "/evil.example" }] });
  expect(await get("/docs")).toMatchObject({ description: "/evil.example/openapi.json", files: "/evil.example/docs" });
});
