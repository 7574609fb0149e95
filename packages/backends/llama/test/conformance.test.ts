import { localBackendConformance } from "@parlor/testkit/backend";
import { describe, it } from "vitest";
import { play } from "./support.ts";

localBackendConformance({
  name: "llama",
  create: play,
  runner: { describe, it, skip: it.skip },
  lacks: ["images", "files"],
});
