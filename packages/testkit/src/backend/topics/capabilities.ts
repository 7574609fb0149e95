import assert from "node:assert/strict";
import { type BackendTopic, check } from "../suite.ts";

const optional = ["reasoning", "tools", "images", "files", "structured-output"] as const;

export const capabilities: BackendTopic = {
  name: "capabilities",
  cases: [
    check("that are declared are those that are tested", async ({ backend, lacks }) => {
      const tested = optional.filter((capability) => !lacks.includes(capability));
      const declared = optional.filter((capability) => backend.info.capabilities.includes(capability));
      assert.deepEqual(declared, tested);
      assert.ok(backend.info.capabilities.includes("streaming"));
    }),

    check("come with a name, a model and a size", async ({ backend: { info } }) => {
      assert.ok(info.provider !== "" && info.model !== "");
      assert.ok(Number.isInteger(info.contextWindow) && info.contextWindow > 0);
    }),
  ],
};
