import { type AccessCases, forAdmins, open, own } from "./case.ts";

const said = { content: "Hi" };

export const conversations: AccessCases = {
  "GET /api/conversations": own(200),
  "POST /api/conversations": own(201, { body: {} }, 201),
  "POST /api/conversations/new": own(200),
  "GET /api/conversations/{id}": own(404),
  "PUT /api/conversations/{id}": own(404, { body: { title: "New" } }),
  "PATCH /api/conversations/{id}": own(404, { body: { is_favorited: true } }),
  "PATCH /api/conversations/{id}/title": own(404, { query: "title=New" }),
  "DELETE /api/conversations/{id}": own(404, {}, 204),
  "POST /api/conversations/{id}/messages": own(404, { body: said }),
  "POST /api/conversations/{id}/message": own(404, { body: said }),
  "GET /api/conversations/{id}/stream": own(404, { query: "prompt=Hi" }),
  "POST /api/conversations/{id}/regenerate": own(404, { body: {} }),
  "POST /api/conversations/{id}/stop": own(404),
  "GET /api/models": own(200),
  "POST /api/models/swap": forAdmins({ body: { model_tag: "script-1" } }),
  "GET /api/health": open(),
};
