import { GoogleGenerativeAI } from "@google/generative-ai";
import { describe, it } from "vitest";
import { backendConformance } from "@parlor/testkit/backend";
import { geminiApi } from "@parlor/testkit/google";
import { generativeAi } from "@parlor/google/generative-ai";

backendConformance({
  name: "generative-ai",
  create({ url, apiKey, retries }) {
    const client = new GoogleGenerativeAI(apiKey);
    return generativeAi(client.getGenerativeModel({ model: "gemini-2.5-flash" }, { baseUrl: url }), { retries });
  },
  provider: geminiApi,
  runner: { describe, it, skip: it.skip },
  // The SDK reads the answer, and calls the global fetch: limits.test.ts says what comes of that.
  lacks: ["wire", "connect-deadline"],
});
