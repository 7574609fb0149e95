import { type Session, uuidv7 } from "@parlor/core";
import { z } from "zod";
import { json, noContent } from "../../reply.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { readinessOf } from "../readiness.ts";
import { pageBefore } from "../page-before.ts";
import { conversationNotFound, conversationOf, knownModel } from "./conversation.ts";
import { models } from "./models.ts";
import * as schemas from "./schemas.ts";
import { toDetail, toRow, toRows } from "./shape.ts";
import { turns } from "./turns.ts";

/** conversations: /api. Sessions whose ids the server makes. */
export function conversations(service: Service): readonly Route[] {
  const { engine, fields } = service;
  const id = { id: fields.sessionId };
  const title = z.string().trim().min(1).max(500);

  async function create(own: (id: string) => { readonly id: string }, init: NewConversation) {
    if (init.model_tag !== undefined) knownModel(engine, init.model_tag);
    const session = uuidv7(engine.clock.now());
    return engine.sessions.create(
      { owner: own(session).id, id: session },
      {
        ...(init.title !== undefined && { title: init.title }),
        ...(init.model_tag !== undefined && { model: init.model_tag }),
        ...(init.system_prompt !== undefined && { systemPrompt: init.system_prompt }),
      },
    );
  }

  async function change(input: Change, { principal }: Call): Promise<Session> {
    if (input.model_tag !== undefined) knownModel(engine, input.model_tag);
    const session = await engine.sessions.update(
      { owner: principal.id, id: input.id },
      {
        ...(input.title !== undefined && { title: input.title }),
        ...(input.is_favorited !== undefined && { favorite: input.is_favorited }),
        ...(input.model_tag !== undefined && { model: input.model_tag }),
      },
    );
    if (!session) throw conversationNotFound();
    return session;
  }

  return [
    route("user", "GET", "/api/conversations", {
      summary: "List conversations, the latest first",
      reply: { schema: schemas.rows },
      query: { limit: fields.limit(50, 200), offset: fields.offset, cursor: fields.cursor },
      async handle({ limit, offset, cursor }, { principal }) {
        const from = cursor === undefined ? { offset } : { cursor };
        const page = await engine.sessions.list(principal.id, { limit, ...from });
        return json(200, toRows(page, engine, { limit, offset }));
      },
    }),
    route("user", "POST", "/api/conversations", {
      summary: "Begin a conversation",
      reply: { status: 201, schema: schemas.row },
      errors: ["unknown_model", "sessions_full"],
      body: {
        title: fields.optional(title),
        model_tag: fields.modelTag,
        system_prompt: fields.systemPrompt,
      },
      handle: async (input, { own }) => json(201, toRow(await create(own, input), engine)),
    }),
    route("user", "POST", "/api/conversations/new", {
      summary: "Begin a conversation; its title may stand in the query",
      reply: { schema: schemas.created },
      errors: ["sessions_full"],
      query: { title: fields.optional(title) },
      body: { title: fields.optional(title) },
      async handle(input, { own }) {
        const session = await create(own, input);
        const conversation = toRow(session, engine);
        return json(200, { session_id: session.id, message: "New conversation created", conversation });
      },
    }),
    route("user", "GET", "/api/conversations/{id}", {
      summary: "Read a conversation with its last messages",
      reply: { schema: schemas.detail },
      errors: ["session_not_found", "not_found"],
      params: id,
      query: { limit: fields.limit(200, 1000), before: fields.cursor, versions: fields.flag },
      async handle({ id: session, limit, before, versions }, { principal }) {
        const key = { owner: principal.id, id: session };
        const page = await pageBefore(engine, key, limit, before);
        const history = await engine.sessions.history(key, { ...page, superseded: versions });
        if (!history) throw conversationNotFound();
        return json(200, toDetail(history, engine));
      },
    }),
    route("user", "PUT", "/api/conversations/{id}", {
      summary: "Rename a conversation",
      reply: { schema: schemas.row },
      errors: ["session_not_found"],
      params: id,
      body: { title },
      handle: async (input, call) => json(200, toRow(await change(input, call), engine)),
    }),
    route("user", "PATCH", "/api/conversations/{id}", {
      summary: "Change a conversation",
      reply: { schema: schemas.row },
      errors: ["session_not_found", "unknown_model"],
      params: id,
      body: { title: fields.optional(title), is_favorited: fields.optional(z.boolean()), model_tag: fields.modelTag },
      handle: async (input, call) => json(200, toRow(await change(input, call), engine)),
    }),
    route("user", "PATCH", "/api/conversations/{id}/title", {
      summary: "Rename a conversation; the title may stand in the query",
      reply: { schema: schemas.titled },
      errors: ["session_not_found"],
      params: id,
      query: { title: fields.optional(title) },
      body: { title: fields.optional(title) },
      async handle(input, call) {
        const asked = fields.required("title", input.title);
        const session = await change({ id: input.id, title: asked }, call);
        return json(200, { session_id: session.id, title: asked, message: "Title updated successfully" });
      },
    }),
    route("user", "DELETE", "/api/conversations/{id}", {
      summary: "Delete a conversation with its messages",
      reply: { status: 204 },
      errors: ["session_not_found"],
      params: id,
      async handle(input, { principal }) {
        if (!(await engine.sessions.delete({ owner: principal.id, id: input.id }))) throw conversationNotFound();
        return noContent();
      },
    }),
    ...turns(service),
    route("user", "POST", "/api/conversations/{id}/stop", {
      summary: "Stop the running turn; what was generated is kept",
      reply: { schema: schemas.stopped },
      errors: ["session_not_found"],
      params: id,
      async handle(input, { principal }) {
        const { owner } = await conversationOf(engine, { owner: principal.id, id: input.id });
        return json(200, { stopped: await engine.stop({ owner, id: input.id }) });
      },
    }),
    ...models(service),
    route("public", "GET", "/api/health", {
      summary: "Readiness",
      reply: [{ schema: schemas.ready }, { status: 503, schema: schemas.ready, description: "Not ready." }],
      async handle() {
        const { code } = readinessOf(await service.health());
        return json(code, { status: "ok", ready: code === 200, service: "chat-api" });
      },
    }),
  ];
}

interface NewConversation {
  readonly title?: string | undefined;
  readonly model_tag?: string | undefined;
  readonly system_prompt?: string | undefined;
}

interface Change extends Omit<NewConversation, "system_prompt"> {
  readonly id: string;
  readonly is_favorited?: boolean | undefined;
}
