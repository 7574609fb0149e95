import { localBackendConformance } from "@parlor/testkit/backend";
import { describe, it } from "vitest";
import { load } from "./support.ts";

localBackendConformance({
  name: "llama",
  create: ({ text, calls, ...model }) =>
    load({ ...model, text: calls === undefined ? text : `${text}||call: ${calls}` }),
  runner: { describe, it, skip: it.skip },
  lacks: ["images", "files"],
});
