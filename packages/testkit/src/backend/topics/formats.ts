import assert from "node:assert/strict";
import type { JsonSchema } from "@parlor/core";
import { type BackendTopic, check } from "../suite.ts";

const schema: JsonSchema = {
  type: "object",
  properties: { answer: { type: "number" } },
  required: ["answer"],
  additionalProperties: false,
};

export const formats: BackendTopic = {
  name: "structured answers",
  cases: [
    check(
      "keep to a schema that the provider is told of, and are text",
      async ({ ask, fake, asked }) => {
        fake.next({ answer: { said: [{ text: '{"answer"' }, { text: ":42}" }] } });
        const responseFormat = { type: "json-schema", name: "reply", schema, strict: true } as const;
        const outcome = await ask({ request: { responseFormat } });
        assert.deepEqual((await asked()).format, { schema });
        assert.deepEqual([outcome.text, outcome.finish], ['{"answer":42}', "stop"]);
      },
      { needs: ["structured-output"] },
    ),
    check(
      "may be any JSON",
      async ({ ask, asked }) => {
        await ask({ request: { responseFormat: { type: "json" } } });
        assert.equal((await asked()).format, "json");
      },
      { needs: ["structured-output", "json-mode"] },
    ),
  ],
};
