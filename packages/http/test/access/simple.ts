import { type AccessCases, forAdmins, own } from "./case.ts";

const message = { session_id: "s1", message: "Hi" };

export const simple: AccessCases = {
  "POST /chat": own(200, { body: message }),
  "POST /chat-stream": own(200, { body: message }),
  "GET /history/{session_id}": own(404),
  "DELETE /history/{session_id}": own(200),
  "GET /sessions": own(200),
  "POST /reset/{session_id}": own(200),
  "GET /stats": { nobody: 401, user: 200, admin: 200, owner: 200 },
  "DELETE /chat/sessions/{session_id}": own(200),
  "GET /chat/memory/stats": forAdmins(),
};
