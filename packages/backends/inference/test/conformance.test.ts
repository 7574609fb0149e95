import { describe, it } from "vitest";
import { inference } from "@parlor/inference";
import { backendConformance } from "@parlor/testkit/backend";
import { inferenceService } from "@parlor/testkit/inference";

backendConformance({
  name: "inference",
  create: ({ url, ...settings }) => inference({ baseURL: url, ...settings }),
  provider: inferenceService,
  runner: { describe, it, skip: it.skip },
  // Text in, text and thoughts out.
  lacks: ["tools", "images", "files", "structured-output", "cached-usage", "reasoning-usage"],
});
