import { ChatError, type Json, type JsonSchema } from "@parlor/core";
import type { GbnfJsonSchema } from "node-llama-cpp";
import { branchesTooMuch } from "./alternatives.ts";

/** What a schema is for, and whether a keyword that no grammar can keep is refused or left to whoever reads the answer. */
interface Reading {
  /** As in "The schema of …". */
  readonly what: string;
  readonly strict: boolean;
  readonly definitions: ReadonlySet<string>;
}

type Fields = { readonly [keyword: string]: Json };

/** Characters of a schema as JSON. Making a grammar of it blocks: of this many, some hundred milliseconds at worst. */
const longest = 16_384;
const deepest = 64;
export const tooLarge = "is too large for a grammar, or has a definition that leads to itself";
/** llama.cpp takes no grammar with many repetitions, and counts only to about 2,000 where it takes one. */
const mostRepeats = 1_000;

/** Keywords that narrow what a type allows, and that grammars do not know. Any other keyword that is not read narrows nothing. */
const narrowing: { readonly [type: string]: readonly string[] } = {
  any: ["not", "if", "$dynamicRef"],
  string: ["pattern"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  array: ["uniqueItems", "contains", "unevaluatedItems"],
  object: ["patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties"],
};

const structure = ["type", "properties", "required", "additionalProperties", "items", "prefixItems", "const", "enum"];

const anything: GbnfJsonSchema = {
  oneOf: [
    { type: ["string", "number", "boolean", "null"] },
    { type: "array" },
    { type: "object", additionalProperties: true },
  ],
};

/**
 * A schema that the library makes a grammar of. Everything that the grammar lets through satisfies the schema; it may let less through:
 * the properties it names always come, in their order, and no others. Of formats, `date`, `time` and `date-time` count.
 *
 * Throws `unsupported_by_model` where that cannot be had; unless `strict`, a keyword that only narrows a value is left out instead.
 */
export function toGrammarSchema(schema: JsonSchema, what: string, strict: boolean): GbnfJsonSchema {
  if (JSON.stringify(schema).length > longest) throw unsupported(what, `has more than ${longest} characters`);
  const definitions = { ...toFields(schema["definitions"]), ...toFields(schema["$defs"]) };
  const reading = { what, strict, definitions: new Set(Object.keys(definitions)) };
  const root = convert(schema, reading, 0);
  const $defs = Object.fromEntries(
    Object.entries(definitions).map(([name, each]) => [name, convert(each, reading, 0)] as const),
  );
  if (branchesTooMuch(root, $defs)) throw unsupported(what, tooLarge);
  return reading.definitions.size === 0 ? root : { ...root, $defs };
}

function convert(schema: Json, reading: Reading, depth: number): GbnfJsonSchema {
  if (depth > deepest) throw unsupported(reading.what, `is more than ${deepest} levels deep`);
  if (schema === true) return anything;
  if (!isFields(schema)) throw unsupported(reading.what, "allows nothing at all somewhere in it");
  const description = schema["description"];
  return { ...shape(schema, reading, depth + 1), ...(typeof description === "string" && { description }) };
}

function shape(schema: Fields, reading: Reading, depth: number): GbnfJsonSchema {
  leaveOut(schema, narrowing["any"], reading);
  const { $ref, anyOf, oneOf, allOf, type } = schema;
  if ($ref !== undefined) {
    leaveOut(schema, [...structure, "anyOf", "oneOf", "allOf"], reading);
    return toReference($ref, reading);
  }
  if (schema["const"] !== undefined) return { enum: literals([schema["const"]], reading) };
  if (Array.isArray(schema["enum"])) return { enum: literals(schema["enum"], reading) };
  const options = anyOf ?? oneOf ?? allOf;
  if (Array.isArray(options) && options.length > 0) {
    const [, ...others] = [anyOf, oneOf, allOf].filter((each) => each !== undefined);
    leaveOut(schema, structure, reading);
    if (others.length > 0 || (options === allOf && options.length > 1))
      leaveOut({ allOf: options }, ["allOf"], reading);
    const read = options === allOf ? options.slice(0, 1) : options;
    return { oneOf: read.map((option) => convert(option, reading, depth)) };
  }
  const types = Array.isArray(type) ? type : [type ?? typeByKeywords(schema)];
  const [only, ...more] = types.map((each) => ofType(each, schema, reading, depth));
  return only && more.length === 0 ? only : { oneOf: only ? [only, ...more] : [] };
}

function typeByKeywords(schema: Fields): string | undefined {
  if (["properties", "required", "additionalProperties"].some((keyword) => keyword in schema)) return "object";
  return ["items", "prefixItems"].some((keyword) => keyword in schema) ? "array" : undefined;
}

function ofType(type: Json | undefined, schema: Fields, reading: Reading, depth: number): GbnfJsonSchema {
  switch (type) {
    case "object":
      return ofObject(schema, reading, depth);
    case "array":
      return ofArray(schema, reading, depth);
    case "string":
      return ofString(schema, reading);
    case "number":
    case "integer":
      leaveOut(schema, narrowing["number"], reading);
      return { type };
    case "boolean":
    case "null":
      return { type };
    case undefined:
      leaveOut(schema, [...Object.values(narrowing).flat(), "minLength", "maxLength"], reading);
      return anything;
    default:
      throw unsupported(reading.what, "has a type that JSON does not know");
  }
}

function ofString(schema: Fields, reading: Reading): GbnfJsonSchema {
  leaveOut(schema, narrowing["string"], reading);
  const { format } = schema;
  if (format === "date" || format === "time" || format === "date-time") return { type: "string", format };
  return { type: "string", ...bounds(schema, ["minLength", "maxLength"], reading) };
}

function ofArray(schema: Fields, reading: Reading, depth: number): GbnfJsonSchema {
  leaveOut(schema, narrowing["array"], reading);
  const { items, prefixItems } = schema;
  const limits = bounds(schema, ["minItems", "maxItems"], reading);
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
  const most = Math.min(limits["maxItems"] ?? Infinity, items === false ? first.length : Infinity);
  const before = first.slice(0, most).map((item) => convert(item, reading, depth));
  return {
    type: "array",
    ...(before.length > 0 && { prefixItems: before }),
    ...(isFields(items) && { items: convert(items, reading, depth) }),
    ...limits,
    ...(most !== Infinity && { maxItems: most }),
  };
}

function ofObject(schema: Fields, reading: Reading, depth: number): GbnfJsonSchema {
  const { propertyNames, ...others } = schema;
  const isAnyName = isFields(propertyNames) && Object.keys(propertyNames).every((keyword) => keyword === "type");
  leaveOut(isAnyName ? others : schema, narrowing["object"], reading);
  const known = toFields(schema["properties"]);
  const required = (Array.isArray(schema["required"]) ? schema["required"] : []).filter(isString);
  const names = [...new Set([...Object.keys(known), ...required])];
  const properties = names.map((name) => {
    const property = Object.hasOwn(known, name) ? known[name] : undefined;
    return [name, convert(property ?? true, reading, depth)] as const;
  });
  const { minProperties = 0, maxProperties } = bounds(schema, ["minProperties", "maxProperties"], reading);
  // A grammar does not know which names it had: of two that are free, one could be the other again, or a known one.
  if (minProperties > Math.max(1, names.length)) leaveOut(schema, ["minProperties"], reading);
  if ((maxProperties ?? Infinity) < names.length) leaveOut(schema, ["maxProperties"], reading);
  const more = schema["additionalProperties"] ?? schema["properties"] === undefined;
  if (names.length > 0 || more === false) return { type: "object", properties: Object.fromEntries(properties) };
  return {
    type: "object",
    additionalProperties: more === true ? true : convert(more, reading, depth),
    ...(minProperties > 0 && { minProperties }),
    ...(maxProperties !== undefined && { maxProperties }),
  };
}

/** Only definitions at the root, which schema libraries write. */
function toReference($ref: Json, { what, definitions }: Reading): GbnfJsonSchema {
  const [, name = ""] = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(isString($ref) ? $ref : "") ?? [];
  const decoded = name.replaceAll("~1", "/").replaceAll("~0", "~");
  if (!definitions.has(decoded)) throw unsupported(what, 'has a "$ref" to something else than its own "$defs"');
  return { $ref: `#/$defs/${decoded}` };
}

function literals(values: readonly Json[], { what }: Reading): (string | number | boolean | null)[] {
  return values.map((value) => {
    if (typeof value === "object" && value !== null)
      throw unsupported(what, 'has an object or a list in "enum" or "const"');
    return value;
  });
}

function bounds(schema: Fields, keywords: readonly string[], reading: Reading): { [keyword: string]: number } {
  const kept: { [keyword: string]: number } = {};
  for (const keyword of keywords) {
    const value = schema[keyword];
    if (typeof value !== "number") continue;
    if (value <= mostRepeats) kept[keyword] = value;
    else if (reading.strict) throw unsupported(reading.what, `has "${keyword}" over ${mostRepeats}`);
  }
  return kept;
}

/** The bounds of safe integers, which schema libraries write, leave out nothing that anybody means. */
function leaveOut(schema: Fields, keywords: readonly string[] = [], { what, strict }: Reading): void {
  if (!strict) return;
  const found = keywords.find(
    (keyword) => schema[keyword] !== undefined && Math.abs(Number(schema[keyword])) !== Number.MAX_SAFE_INTEGER,
  );
  if (found !== undefined) throw unsupported(what, `has "${found}" where no grammar can keep to it`);
}

const isString = (value: Json): value is string => typeof value === "string";

function isFields(value: Json | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const toFields = (value: Json | undefined): Fields => (isFields(value) ? value : {});

export function unsupported(what: string, why: string, cause?: unknown): ChatError {
  const detail = `The schema of ${what} ${why}. Change it, or ask another model.`;
  return new ChatError("unsupported_by_model", detail, { cause });
}
