import { type AccessCases, own } from "./case.ts";

const messages = [{ role: "user", content: "Hi" }];
const metadata = { session_id: "s1" };

export const openai: AccessCases = {
  "POST /v1/chat/completions": own(200, { body: { messages, metadata } }),
  "POST /v1/responses": own(200, { body: { input: "Hi", metadata } }),
  "GET /v1/models": own(200),
  "GET /v1/models/{model}": own(200, { path: "/v1/models/script-1" }),
  "GET /v1/models/{owner}/{model}": own(404, { path: "/v1/models/some/one" }, 404),
};
