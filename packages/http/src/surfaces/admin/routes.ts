import { ChatError } from "@parlor/core";
import { z } from "zod";
import type { Accounts } from "../../auth/accounts.ts";
import { networkOf } from "../../auth/network.ts";
import { leastPasswordCharacters, passwordFault } from "../../auth/password-rule.ts";
import { json } from "../../reply.ts";
import { type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { replyOf } from "../../stream/reply-of.ts";
import { llm } from "./llm.ts";
import * as schemas from "./schemas.ts";
import { toAccount, toLogin, toStatus, toToken } from "./shape.ts";

/** admin: logins, the administrator's account, how the server feels; and /llm, which model answers. */
export function admin(service: Service): readonly Route[] {
  const { engine, fields } = service;
  const password = z.string().refine((value) => passwordFault(value) === undefined, {
    error: ({ input }) => passwordFault(String(input)) ?? "cannot be a password",
  });
  const line = z.string().regex(/^[^\p{Cc}]*$/u, "must be one line");

  return [
    route("public", "POST", "/admin/login", {
      summary: "Log in as an administrator",
      reply: { schema: schemas.token },
      errors: ["unauthorized", "rate_limited", "forbidden", "store_unavailable"],
      body: { username: line.min(1).max(256), password: password.min(1) },
      handle: async (credentials, { request }) =>
        json(200, toToken(await accountsOf(service).login(credentials, networkOf(request.ip)))),
    }),
    route("admin", "POST", "/admin/logout", {
      summary: "End this login",
      reply: { schema: schemas.message },
      async handle(_, { request }) {
        if (!(await accountsOf(service).logout(request))) {
          throw new ChatError("forbidden", "These credentials are not of a login here: there is nothing to end.");
        }
        return json(200, { message: "Logged out successfully" });
      },
    }),
    route("admin", "GET", "/admin/info", {
      summary: "Read the administrator's account",
      reply: { schema: schemas.account },
      errors: ["not_found"],
      async handle() {
        const info = await accountsOf(service).info();
        if (!info)
          throw new ChatError("not_found", "The account's record is gone. Start the server again to make one.");
        return json(200, toAccount(info));
      },
    }),
    route("admin", "POST", "/admin/change-credentials", {
      summary: "Change the administrator's name and password, and end every login",
      reply: { schema: schemas.changed },
      body: { new_username: line.min(3).max(50), new_password: password.min(leastPasswordCharacters) },
      async handle({ new_username: username, new_password }) {
        await accountsOf(service).change({ username, password: new_password });
        return json(200, { message: "Credentials updated successfully", new_username: username });
      },
    }),
    route("admin", "GET", "/admin/status", {
      summary: "How the server and what it needs feel",
      reply: { schema: schemas.status },
      async handle() {
        const [health, logins = []] = await Promise.all([service.health(), service.accounts?.logins()]);
        return json(200, toStatus(health, logins.length, service.uptimeSeconds()));
      },
    }),
    route("admin", "GET", "/admin/sessions", {
      summary: "List the live logins",
      reply: { schema: schemas.logins },
      handle: async () => json(200, (await accountsOf(service).logins()).map(toLogin)),
    }),
    route("admin", "POST", "/admin/test-chat", {
      summary: "Ask the model something; no session is touched",
      reply: { schema: schemas.testChat, description: "A model that fails is told in `error`." },
      startsTurn: true,
      body: { message: fields.message },
      async handle({ message }, { principal, request: { signal }, requestId, onQuotas }) {
        const turn = await engine.start({ owner: principal.id, message, signal, requestId, onQuotas });
        try {
          return json(200, { success: true, response: (await replyOf(turn, signal)).text });
        } catch (error) {
          if (!ChatError.isInstance(error)) throw error;
          return json(200, { success: false, error: error.message });
        }
      },
    }),
    ...llm(service),
  ];
}

function accountsOf({ accounts }: Service): Accounts {
  if (accounts) return accounts;
  throw new ChatError("forbidden", "Admin logins are off: put `accounts()` of @parlor/http/accounts into `auth`.");
}
