import { type AccessCases, open, own } from "./case.ts";

const message = { session_id: "s1", message: "Hi" };

export const v1: AccessCases = {
  "POST /api/v1/chat": own(200, { body: message }),
  "GET /api/v1/chat/stream": own(200, { query: "session_id=s1&message=Hi" }),
  "GET /api/v1/chat/ws": own(426, {}, 426),
  "POST /api/v1/chat/stop": own(200, { body: { session_id: "s1" } }),
  "GET /api/v1/sessions": own(200),
  "GET /api/v1/sessions/{session_id}": own(404),
  "DELETE /api/v1/sessions/{session_id}": own(404),
  "GET /api/v1/model/info": open(),
  "GET /api/v1/health": open(),
  "GET /api/v1/status": open(),
  "GET /api/v1/metrics": open({}, 404),
};
