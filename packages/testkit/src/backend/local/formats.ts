import assert from "node:assert/strict";
import type { JsonSchema, ResponseFormat } from "@parlor/core";
import { Validator } from "@cfworker/json-schema";
import { checkLocal, type LocalTopic } from "./suite.ts";

const schema: JsonSchema = {
  type: "object",
  properties: { answer: { type: "number" }, why: { type: "string" }, sure: { enum: ["yes", "no"] } },
  required: ["answer", "why", "sure"],
  additionalProperties: false,
};
const responseFormat: ResponseFormat = { type: "json-schema", name: "reply", schema, strict: true };

export const formats: LocalTopic = {
  name: "structured answers",
  cases: [
    checkLocal(
      "keep to a schema, and are text",
      async ({ make, ask }) => {
        const { text, finish } = await ask(await make({ text: "It is so." }), { request: { responseFormat } });
        assert.equal(finish, "stop");
        assert.ok(new Validator(schema as object).validate(JSON.parse(text)).valid, text);
      },
      ["structured-output"],
    ),

    checkLocal(
      "may be any JSON",
      async ({ make, ask }) => {
        const request = { responseFormat: { type: "json" } } as const;
        const { text, finish } = await ask(await make({ text: "It is so." }), { request });
        assert.deepEqual([typeof JSON.parse(text), finish], ["object", "stop"]);
      },
      ["structured-output"],
    ),

    checkLocal(
      "that are cut off are not complete",
      async ({ make, ask }) => {
        const request = { responseFormat, settings: { maxTokens: 5 } };
        assert.equal((await ask(await make({ text: "It is so." }), { request })).finish, "length");
      },
      ["structured-output"],
    ),
  ],
};
