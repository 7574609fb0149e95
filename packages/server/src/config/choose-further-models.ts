import { basename } from "node:path";
import { chooseModel, type ModelChoice } from "./choose-model.ts";
import { modelTypes } from "./model.ts";
import type { Variables } from "./variables.ts";

/** By tag. */
export type FurtherModels = { readonly [tag: string]: ModelChoice };

const types: ReadonlySet<string> = new Set(modelTypes);

/**
 * The models of MODELS: names of the same service as the chosen one, or `type:name` of another; for `local` the path of a file. A tag is the
 * name as it stands there, of a file its name without `.gguf`.
 */
export function chooseFurtherModels(
  variables: Variables,
  chosen: ModelChoice,
): { models: FurtherModels } | { fault: string } {
  const models: Record<string, ModelChoice> = {};
  for (const entry of variables.MODELS ?? []) {
    const [, prefix, rest] = /^([a-z_]+):(.+)$/.exec(entry) ?? [];
    const named = prefix !== undefined && rest !== undefined && types.has(prefix);
    const type = named ? prefix : typeOf(chosen);
    if (type === undefined || type === "inference") {
      const why = type
        ? "an inference service names its own models"
        : "nothing says whose: set MODEL_TYPE, or write type:name";
      return { fault: `MODELS cannot be used: ${why}` };
    }
    const name = named ? rest : entry;
    const isFile = type === "local";
    const tag = isFile ? basename(name, ".gguf") : entry;
    const answer = chooseModel({
      ...variables,
      MODEL_TYPE: type as NonNullable<Variables["MODEL_TYPE"]>,
      MODEL_NAME: isFile ? tag : name,
      ...(isFile && { MODEL_PATH: name }),
    });
    if ("fault" in answer) return { fault: `MODELS: ${answer.fault}` };
    // Lists often hold the current one too.
    if (!isSame(answer.choice, chosen)) models[tag] = answer.choice;
  }
  return { models };
}

function typeOf(choice: ModelChoice): string | undefined {
  if (choice.kind === "demo") return undefined;
  return choice.kind === "llama" ? "local" : choice.provider;
}

function isSame(one: ModelChoice, other: ModelChoice): boolean {
  if (one.kind === "llama") return other.kind === "llama" && one.path !== undefined && one.path === other.path;
  return (
    one.kind === other.kind &&
    "model" in one &&
    "model" in other &&
    one.provider === other.provider &&
    one.model === other.model
  );
}
