import { describe, it } from "vitest";
import { anthropic } from "@parlor/anthropic";
import { messagesApi } from "@parlor/testkit/anthropic";
import { backendConformance } from "@parlor/testkit/backend";

backendConformance({
  name: "anthropic",
  create: ({ url, ...settings }) => anthropic({ model: "claude-sonnet-4-6", baseURL: url, ...settings }),
  provider: messagesApi,
  runner: { describe, it, skip: it.skip },
  // Anthropic answers in JSON by a schema only.
  lacks: ["json-mode"],
});
