import { type AccessCases, forAdmins, open } from "./case.ts";

const credentials = { new_username: "admin", new_password: "correct horse" };

/** Where nobody can log in, for these three come by tokens: what needs the account is 403 for admins, too. */
export const admin: AccessCases = {
  "POST /admin/login": open({ body: { username: "admin", password: "admin" } }, 403),
  "POST /admin/logout": forAdmins({}, 403),
  "GET /admin/info": forAdmins({}, 403),
  "POST /admin/change-credentials": forAdmins({ body: credentials }, 403),
  "GET /admin/status": forAdmins(),
  "GET /admin/sessions": forAdmins({}, 403),
  "POST /admin/test-chat": forAdmins({ body: { message: "Hi" } }),
  "GET /llm/provider": open(),
  "GET /llm/providers": open(),
  "GET /llm/health": open(),
};
