import { type AccessCases, own } from "./case.ts";

const messages = [{ id: "m1", role: "user", parts: [{ type: "text", text: "Hi" }] }];

export const uiStream: AccessCases = {
  "POST /api/chat": own(200, { body: { id: "s1", messages, trigger: "submit-message" } }),
  "GET /api/chat/{id}/stream": own(204, {}, 204),
  "GET /api/chat/{id}/messages": own(404),
  "POST /api/chat/{id}/stop": own(200),
};
