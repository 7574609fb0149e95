import { describe, it } from "vitest";
import { backendConformance } from "@parlor/testkit/backend";
import { geminiApi } from "@parlor/testkit/google";
import { google } from "@parlor/google";

backendConformance({
  name: "google",
  create: ({ url, ...settings }) => google({ model: "gemini-3.8-flash", baseURL: url, ...settings }),
  provider: geminiApi,
  runner: { describe, it, skip: it.skip },
});
