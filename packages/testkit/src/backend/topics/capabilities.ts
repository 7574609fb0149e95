import assert from "node:assert/strict";
import type { ModelBackend } from "@parlor/core";
import { type BackendGap, type BackendTopic, check } from "../suite.ts";

const optional = ["reasoning", "tools", "images", "files", "structured-output"] as const;

/** Fails unless a backend declares all that it does not lack. */
export function declaresWhatIsTested({ info }: ModelBackend, lacks: readonly BackendGap[]): void {
  const tested = optional.filter((capability) => !lacks.includes(capability));
  const declared = optional.filter((capability) => info.capabilities.includes(capability));
  assert.deepEqual(declared, tested);
  assert.ok(info.capabilities.includes("streaming"));
}

/** Fails unless it says what it is. */
export function saysWhatItIs({ info }: ModelBackend): void {
  assert.ok(info.provider !== "" && info.model !== "");
  assert.ok(Number.isInteger(info.contextWindow) && info.contextWindow > 0);
}

export const capabilities: BackendTopic = {
  name: "capabilities",
  cases: [
    check("that are declared are those that are tested", async ({ backend, lacks }) => {
      declaresWhatIsTested(backend, lacks);
    }),

    check("come with a name, a model and a size", async ({ backend }) => {
      saysWhatItIs(backend);
    }),
  ],
};
