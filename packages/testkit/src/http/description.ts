import assert from "node:assert/strict";
import { type Schema, Validator } from "@cfworker/json-schema";
import type { Answer, Site } from "./suite.ts";

interface OpenApi {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: Schema } };
}

interface Operation {
  readonly responses: {
    readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema: Schema } } };
  };
}

/** What the server says of its own API. */
export interface Description {
  /** Throws where an answer is not one that is described: by its status, its content type, or its JSON. */
  check(method: string, path: string, answer: Answer): void;
}

/** Makes `ask` of all sites of one server fail for answers that are not described. They share the description: making it takes a while. */
export function holdToDescription(): (site: Site) => Site {
  let description: Promise<Description> | undefined;
  return (site) => ({
    ...site,
    async ask(method, path, asked) {
      const answer = await site.ask(method, path, asked);
      description ??= readDescription(`${site.url}/openapi.json`);
      (await description).check(method, path, answer);
      return answer;
    },
  });
}

export async function readDescription(url: string): Promise<Description> {
  const response = await fetch(url);
  assert.equal(response.status, 200, "GET /openapi.json");
  const { paths, components } = (await response.json()) as OpenApi;
  const schemas = Object.fromEntries(Object.entries(components.schemas).map(([name, one]) => [name, closed(one)]));
  const validators = new Map<Schema, Validator>();

  function validatorOf(schema: Schema): Validator {
    let validator = validators.get(schema);
    if (!validator) {
      validator = new Validator({ ...closed(schema), components: { schemas } }, "2020-12");
      validators.set(schema, validator);
    }
    return validator;
  }

  return {
    check(method, path, { status, headers, text, body }) {
      const operation = operationOf(paths, method, path);
      if (!operation) return;
      const what = `${method} ${path} answered ${status}, and its description`;
      const response = operation.responses[status];
      assert.ok(response, `${what} has no such status: ${text}`);
      const [type = ""] = headers.get("content-type")?.split(";") ?? [];
      const { content } = response;
      if (!content) return assert.equal(text, "", `${what} has no body`);
      assert.ok(content[type], `${what} does not list the type ${type}`);
      if (body === undefined) return;
      const { valid, errors } = validatorOf(content[type].schema).validate(body);
      const faults = errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
      assert.ok(valid, `${what} has another body:\n${faults.join("\n")}\n${text}`);
    },
  };
}

/** Undefined: the path or the method is not described, as those of the host and HEAD. */
function operationOf(paths: OpenApi["paths"], method: string, path: string): Operation | undefined {
  const [before = ""] = path.split("?");
  const clean = before.replace(/(?<=.)\/$/, "") || "/";
  const matching = Object.keys(paths).filter((template) => {
    const pattern = template.replaceAll(/[.+*?^$|()[\]\\]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+");
    return new RegExp(`^${pattern}$`).test(clean);
  });
  const template = matching.includes(clean) ? clean : matching[0];
  return template === undefined ? undefined : paths[template]?.[method.toLowerCase()];
}

/** So that fields which are not described fail: descriptions leave objects open for later versions. */
function closed(schema: Schema, isPart = false): Schema {
  const copy: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) copy[keyword] = closedWithin(value, keyword === "allOf");
  const hasFields = schema["properties"] !== undefined && schema["additionalProperties"] === undefined;
  return hasFields && !isPart ? { ...copy, unevaluatedProperties: false } : copy;
}

function closedWithin(value: unknown, isPart: boolean): unknown {
  if (Array.isArray(value)) return value.map((inner) => closedWithin(inner, isPart));
  return typeof value === "object" && value !== null ? closed(value, isPart) : value;
}
