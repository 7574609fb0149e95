import { afterAll, beforeAll, expect, test } from "vitest";
import { readDescription, type Description } from "../src/http/description.ts";
import { listen, type Served } from "../src/http/index.ts";
import type { Answer } from "../src/http/suite.ts";

const row = { type: "object", required: ["id"], properties: { id: { type: "string" } } };
const problem = { type: "object", required: ["code"], properties: { code: { type: "string" } } };
const refused = {
  allOf: [{ $ref: "#/components/schemas/Problem" }],
  properties: { code: { enum: ["session_not_found"] } },
};
const document = {
  paths: {
    "/rows": {
      get: {
        responses: {
          200: { content: { "application/json": { schema: { type: "array", items: row } } } },
          204: { description: "none" },
        },
      },
    },
    "/rows/{id}": { get: { responses: { 404: { content: { "application/problem+json": { schema: refused } } } } } },
  },
  components: { schemas: { Problem: problem } },
};

let server: Served;
let description: Description;

beforeAll(async () => {
  server = await listen((_, response) => void response.end(JSON.stringify(document)));
  description = await readDescription(server.url);
});
afterAll(async () => {
  await server.close();
});

function answer(status: number, body: unknown, type = "application/json"): Answer {
  const text = body === undefined ? "" : JSON.stringify(body);
  return { status, headers: new Headers({ "content-type": type }), text, body };
}

test.for<[string, string, string, Answer]>([
  ["a reply", "GET", "/rows?limit=1", answer(200, [{ id: "a" }])],
  ["no body", "GET", "/rows/", answer(204, undefined)],
  ["an error", "GET", "/rows/x", answer(404, { code: "session_not_found" }, "application/problem+json; v=1")],
  ["a path of the host's", "GET", "/elsewhere", answer(500, { any: "thing" })],
  ["a method that no description names", "HEAD", "/rows", answer(200, undefined)],
])("%s as described passes", ([, method, path, given]) => {
  expect(() => description.check(method, path, given)).not.toThrow();
});

test.for<[string, string, Answer, RegExp]>([
  ["a status", "/rows", answer(201, []), /no such status/],
  ["a content type", "/rows", answer(200, [], "text/plain"), /does not list the type text\/plain/],
  ["a body", "/rows", answer(204, []), /no body/],
  ["a missing field", "/rows", answer(200, [{}]), /id/],
  ["a field too many", "/rows", answer(200, [{ id: "a", secret: 1 }]), /secret/],
  ["another code", "/rows/x", answer(404, { code: "not_found" }, "application/problem+json"), /code/],
  [
    "a problem's field too many",
    "/rows/x",
    answer(404, { code: "session_not_found", stack: "" }, "application/problem+json"),
    /stack/,
  ],
])("%s that is not described fails", ([, path, given, fault]) => {
  expect(() => description.check("GET", path, given)).toThrow(fault);
});
