import type { GbnfJsonSchema } from "node-llama-cpp";

type Definitions = { readonly [name: string]: GbnfJsonSchema };

/** What a grammar may come to at one place. llama.cpp follows each of them by itself, and references double them with every step. */
const most = 1_000;

/** Whether at some place there are more ways to go on than a grammar may have, or a definition that is only itself again. */
export function branchesTooMuch(root: GbnfJsonSchema, definitions: Definitions): boolean {
  const counted = new Map<string, number>();

  function ofDefinition(name: string): number {
    const known = counted.get(name);
    if (known !== undefined) return known;
    // Who comes here again on the way has gone in a circle.
    counted.set(name, Infinity);
    const count = ways(definitions[name]);
    counted.set(name, count);
    return count;
  }

  /** Also of an object of properties, which may have any names. */
  function ways(schema: unknown): number {
    if (typeof schema !== "object" || schema === null) return 1;
    const { $ref, oneOf }: { readonly $ref?: unknown; readonly oneOf?: unknown } = schema;
    if (typeof $ref === "string") return ofDefinition($ref.replace("#/$defs/", ""));
    if (Array.isArray(oneOf)) return oneOf.reduce<number>((sum, option) => sum + ways(option), 0);
    return 1;
  }

  /** What stands within it begins a place of its own. */
  function isTooMuch(schema: unknown): boolean {
    if (typeof schema !== "object" || schema === null) return false;
    return ways(schema) > most || Object.values(schema).some(isTooMuch);
  }

  return [root, ...Object.values(definitions)].some(isTooMuch);
}
