import { describe, it } from "vitest";
import { inference } from "@parlor/inference";
import { backendConformance } from "@parlor/testkit/backend";
import { generate } from "@parlor/testkit/inference";

backendConformance({
  name: "inference",
  create: ({ url, ...settings }) => inference({ baseURL: url, ...settings }),
  provider: generate,
  runner: { describe, it, skip: it.skip },
  // Text in, text and thoughts out.
  lacks: ["tools", "images", "files", "structured-output", "cached-usage", "reasoning-usage"],
});
