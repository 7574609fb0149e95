import { Validator } from "@cfworker/json-schema";
import type { GenerateRequest, JsonSchema, ModelBackend } from "@parlor/core";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { askFor, load, user } from "./support.ts";

const inSchema = (schema: JsonSchema, strict?: boolean): Pick<GenerateRequest, "responseFormat"> => ({
  responseFormat: { type: "json-schema", name: "reply", schema, ...(strict !== undefined && { strict }) },
});

const toSchema = (schema: z.ZodType) => z.toJSONSchema(schema) as JsonSchema;

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z
  .object({ name: z.string(), children: z.array(z.lazy(() => tree)) })
  .meta({ id: "tree" });

describe("an answer in JSON", () => {
  let demo: ModelBackend;
  beforeAll(async () => {
    demo = await load({ text: "So it says." }, { sequences: 2 });
  });

  it.each<[string, JsonSchema]>([
    ["an object", toSchema(z.object({ city: z.string(), degrees: z.number(), sunny: z.boolean() }))],
    ["optional and nullable properties", toSchema(z.object({ a: z.string().optional(), b: z.int().nullable() }))],
    ["odd names", toSchema(z.object({ 'a"\n\\': z.string(), "": z.null(), "日本 😀": z.literal('ö"\n') }))],
    ["the names of what objects have", toSchema(z.object({ toString: z.int(), constructor: z.boolean() }))],
    ["enums and literals", toSchema(z.object({ size: z.enum(["small", "large"]), n: z.literal([1, 2.5]) }))],
    ["names that keywords have", toSchema(z.object({ oneOf: z.int(), $ref: z.boolean() }))],
    ["a union", toSchema(z.union([z.object({ ok: z.literal(true) }), z.object({ error: z.string() })]))],
    ["lists with limits", toSchema(z.array(z.int()).min(3).max(5))],
    ["a tuple", toSchema(z.tuple([z.string(), z.number()]))],
    ["a string with limits", toSchema(z.object({ s: z.string().min(20).max(30) }))],
    ["a record", toSchema(z.record(z.string(), z.int()))],
    ["a date", { type: "string", format: "date-time" }],
    ["a definition", { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "object", required: ["x"] } } }],
    ["a type out of several", { type: ["object", "null"], properties: { a: { type: ["integer", "string"] } } }],
    ["anything at all", {}],
    ["at least one property", { type: "object", minProperties: 1, maxProperties: 3 }],
    ["one that other schemas are made of", { allOf: [{ type: "array", prefixItems: [{ const: 1 }], items: false }] }],
  ])("keeps to a schema of %s", async (_, schema) => {
    const { text, finish, batches } = await askFor(demo, inSchema(schema));

    expect(finish).toBe("stop");
    expect(new Validator(schema as object).validate(JSON.parse(text))).toMatchObject({ valid: true });
    expect(batches.length).toBeGreaterThan(1);
  });

  it("follows a definition that comes again within itself", async () => {
    const { text } = await askFor(demo, inSchema(toSchema(tree)));

    expect(tree.parse(JSON.parse(text))).toEqual({ name: "So it says.", children: [] });
  });

  it("is an object where any JSON will do", async () => {
    const { text, finish, usage } = await askFor(demo, { responseFormat: { type: "json" } });

    expect({ finish, value: JSON.parse(text) }).toEqual({ finish: "stop", value: expect.any(Object) });
    expect(usage?.outputTokens).toBeGreaterThan(2);
  });

  it("has whole numbers without an exponent, which could make them none", async () => {
    expect((await askFor(demo, inSchema({ type: "number" }))).text).toBe("0e0");
    expect((await askFor(demo, inSchema({ type: ["integer", "null"] }))).text).toMatch(/^(\d+|null)$/);
    expect((await askFor(demo, inSchema(toSchema(z.tuple([z.int(), z.int()]))))).text).toBe("[0,0]");
  });

  it("that is cut off says so, and is none", async () => {
    const schema = toSchema(z.object({ city: z.string(), country: z.string() }));
    const whole = await askFor(demo, inSchema(schema));
    for (const maxTokens of [1, 5, 12]) {
      const { text, finish } = await askFor(demo, { ...inSchema(schema), settings: { maxTokens } });
      expect(finish).toBe("length");
      expect(whole.text.startsWith(text)).toBe(true);
    }
    const stopped = await askFor(demo, { ...inSchema(schema), settings: { stop: ["country"] } });
    expect(stopped).toMatchObject({ finish: "length", text: expect.stringMatching(/^\{"city".*"$/) });
  });

  it("ends when the context is full", async () => {
    const endless = await load({ endless: true }, { contextSize: 256 });
    const { finish, usage } = await askFor(endless, inSchema({ type: "string" }));

    expect(finish).toBe("length");
    expect((usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)).toBeLessThanOrEqual(256);
  });

  it("can be stopped, and leaves the sequence to the next", async () => {
    const single = await load({ endless: true }, { sequences: 1, contextSize: 65_536 });
    const stop = new AbortController();
    const call = single.generate(
      { messages: [user("hi")], settings: {}, ...inSchema({ type: "string" }) },
      stop.signal,
    );
    const reader = call[Symbol.asyncIterator]();
    await reader.next();
    stop.abort(new Error("enough"));

    await expect(
      (async () => {
        while (!(await reader.next()).done);
      })(),
    ).rejects.toThrow("enough");
    expect(await askFor(single, { settings: { maxTokens: 2 } })).toMatchObject({ text: "On and", finish: "length" });
  });

  it("is asked of several at once, each in its own format", async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => askFor(demo, inSchema(toSchema(z.object({ [`n${index}`]: z.int() }))))),
    );
    expect(answers.map(({ text }) => Object.keys(JSON.parse(text)))).toEqual(answers.map((_, index) => [`n${index}`]));
  });

  it("comes of a model that thinks, which may do so only within it", async () => {
    const thinker = await load({ reasoning: "They want to know.", text: "It is done." });
    const { text, finish } = await askFor(thinker, inSchema(toSchema(z.object({ what: z.string() }))));

    expect({ finish, value: JSON.parse(text) }).toEqual({ finish: "stop", value: { what: "It is done." } });
  });
});

describe("a schema that no grammar can keep", () => {
  let demo: ModelBackend;
  beforeAll(async () => {
    demo = await load({ text: "So it says." });
  });
  // 2 KB that llama.cpp would follow in 2^40 ways.
  const doubling: JsonSchema = {
    $ref: "#/$defs/0",
    $defs: Object.fromEntries(
      Array.from({ length: 41 }, (_, step) => {
        const next = { $ref: `#/$defs/${step + 1}` };
        return [`${step}`, step === 40 ? { type: "string" } : { anyOf: [next, next] }];
      }),
    ),
  };
  const deep = JSON.parse('{"items":'.repeat(80) + "{}" + "}".repeat(80)) as JsonSchema;

  it.each<[string, JsonSchema, RegExp]>([
    ["a pattern", { type: "object", properties: { a: { type: "string", pattern: "^a" } } }, /"pattern"/],
    ["a bound", { type: "number", minimum: 3 }, /"minimum"/],
    ["a list of different ones", { type: "array", uniqueItems: true }, /"uniqueItems"/],
    ["what it is not", { not: { type: "string" } }, /"not"/],
    ["several at once", { allOf: [{ type: "object" }, { required: ["a"] }] }, /"allOf"/],
    ["more beside a choice", { type: "object", anyOf: [{}, {}] }, /"type"/],
    ["nothing", { type: "array", items: { anyOf: [false] } }, /nothing/],
    ["an address", { $ref: "https://example.com/schema" }, /"\$ref"/],
    ["a definition that is missing", { $ref: "#/$defs/a" }, /"\$ref"/],
    ["a definition of itself", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }, /leads to itself/],
    ["definitions that double with each step", doubling, /too large/],
    ["a list as a literal", { enum: [["a"]] }, /"enum"/],
    ["very long strings", { type: "string", maxLength: 5_000 }, /"maxLength"/],
    ["more properties than it names", { type: "object", minProperties: 2 }, /"minProperties"/],
    ["fewer properties than it requires", { type: "object", required: ["a", "b"], maxProperties: 1 }, /"maxProp/],
    ["a type of another language", { type: "date" }, /type/],
    ["too many levels", deep, /levels/],
    ["too many characters", { type: "object", required: ["a".repeat(17_000)] }, /characters/],
  ])("%s: is refused in a sentence, before anything is generated", async (_, schema, reason) => {
    await expect(askFor(demo, inSchema(schema))).rejects.toMatchObject({
      name: "ChatError",
      code: "unsupported_by_model",
      message: expect.stringMatching(reason),
    });
  });

  it("is kept to as far as can be, where it need not be strict", async () => {
    const schema = { type: "object", properties: { a: { type: "string", pattern: "^a", maxLength: 9_999 } } } as const;
    expect(JSON.parse((await askFor(demo, inSchema(schema, false))).text)).toEqual({ a: "So it says." });
  });

  it("is not one with bounds that any number keeps, as libraries write them", async () => {
    expect((await askFor(demo, inSchema(toSchema(z.object({ n: z.int() }))))).text).toBe('{"n":0}');
  });
});
