import { z } from "zod";

/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: { readonly [field: string]: JsonSchema };
  readonly required?: readonly string[];
}

/** What a schema takes, before its transforms. Throws for what JSON Schema cannot say. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    // Objects stay open: unknown fields of a request are ignored, and a later version may add some to a reply.
    io: "input",
    override({ jsonSchema: written }) {
      if (written.format !== undefined) delete written.pattern;
      if (written.maximum === Number.MAX_SAFE_INTEGER) delete written.maximum;
      if (written.minimum === Number.MIN_SAFE_INTEGER) delete written.minimum;
      // Every key of a JSON object is a string.
      delete written.propertyNames;
    },
  });
  return rest as JsonSchema;
}
