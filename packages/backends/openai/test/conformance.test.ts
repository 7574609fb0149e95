import { describe, it } from "vitest";
import { backendConformance } from "@parlor/testkit/backend";
import { chatCompletions, responses } from "@parlor/testkit/openai";
import { openai } from "@parlor/openai";

backendConformance({
  name: "Chat Completions",
  create: ({ url, ...settings }) => openai({ model: "fake", baseURL: `${url}/v1`, ...settings }),
  provider: chatCompletions,
  runner: { describe, it, skip: it.skip },
});

backendConformance({
  name: "Responses",
  create: ({ url, ...settings }) => openai({ model: "fake", api: "responses", baseURL: `${url}/v1`, ...settings }),
  provider: responses,
  runner: { describe, it, skip: it.skip },
});
