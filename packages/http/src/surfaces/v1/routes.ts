import type { ErrorCode } from "@parlor/core";
import { json } from "../../reply.ts";
import { type Call, type Route, route, socketRoute } from "../../route.ts";
import type { HttpReply } from "../../seam.ts";
import type { Service } from "../../service.ts";
import { cursorOf, resume } from "../../stream/resume.ts";
import { replyOf } from "../../stream/reply-of.ts";
import { sse } from "../../stream/sse.ts";
import { socketPath } from "../../ws/socket-path.ts";
import { metricsRoute } from "../metrics.ts";
import { pageBefore } from "../page-before.ts";
import { readinessOf, readinessReplies } from "../readiness.ts";
import { statusReply } from "../schemas.ts";
import { sessionNotFound } from "../session-not-found.ts";
import { z } from "zod";
import { v1Frames } from "./frames.ts";
import { chatSocket } from "./socket.ts";
import * as schemas from "./schemas.ts";
import { toChatReply, toHealth, toModelInfo, toSessionDetail, toSessionRow, toStatus } from "./shape.ts";
import { type ChatInput, toV1TurnInput } from "./turn-input.ts";

const resuming: readonly ErrorCode[] = ["not_found", "cursor_expired"];

/** v1: /api/v1. */
export function v1(service: Service): readonly Route[] {
  const { engine, fields } = service;
  const chat = {
    session_id: fields.sessionId,
    system_prompt: fields.systemPrompt,
  };

  async function stream(input: ChatInput, call: Call): Promise<HttpReply> {
    const cursor = cursorOf(call.request);
    if (cursor !== undefined) {
      const key = { owner: call.principal.id, id: input.session_id };
      const resumed = await resume(service, key, cursor);
      return sse(service, resumed.turn, v1Frames(resumed.turn, engine.clock, resumed), resumed);
    }
    const turn = await engine.start(toV1TurnInput(input, call));
    return await sse(service, turn, v1Frames(turn, engine.clock, { offset: 0, texts: 0 }), undefined);
  }

  async function whole(input: ChatInput, call: Call): Promise<HttpReply> {
    const turn = await engine.start(toV1TurnInput(input, call));
    return json(200, toChatReply(await replyOf(turn, call.request.signal), input.session_id));
  }

  return [
    route("user", "POST", "/api/v1/chat", {
      summary: "Send a message and get the answer",
      reply: [{ schema: schemas.chatReply, description: "The answer." }, schemas.eventStream, schemas.nothingLeft],
      errors: resuming,
      startsTurn: true,
      body: {
        ...chat,
        message: fields.message,
        temperature: fields.temperature,
        max_tokens: fields.maxTokens,
        stream: z.boolean().nullish(),
      },
      handle: (input, call) => (input.stream ? stream(input, call) : whole(input, call)),
    }),
    route("user", "GET", "/api/v1/chat/stream", {
      summary: "Send a message and get the answer while it comes, or resume a stream",
      reply: [schemas.eventStream, schemas.nothingLeft],
      errors: resuming,
      startsTurn: true,
      query: {
        ...chat,
        // A reader that comes back need not say it again.
        message: fields.message.optional(),
        temperature: fields.temperatureText,
        max_tokens: fields.maxTokensText,
      },
      handle: stream,
    }),
    socketRoute("user", socketPath, chatSocket(service), {
      summary: "Run and read turns over a WebSocket",
      description:
        'A WebSocket. Send `{message, session_id, system_prompt?, temperature?, max_tokens?}`, `{type: "stop", session_id}`, `{type: "resume", session_id, last_event_id?}`, `{type: "ping"}` or `{type: "auth", token}`; read `{type: "chunk"}`, `{type: "error"}` and `{type: "pong"}`.',
    }),
    route("user", "POST", "/api/v1/chat/stop", {
      summary: "Stop the running turn; what was generated is kept",
      reply: { schema: schemas.stopReply },
      body: { session_id: fields.sessionId },
      async handle({ session_id: id }, { principal }) {
        return json(200, { stopped: await engine.stop({ owner: principal.id, id }), session_id: id });
      },
    }),
    route("user", "GET", "/api/v1/sessions", {
      summary: "List sessions, the latest first",
      reply: { schema: schemas.sessionRows, description: 'The next page, if any, is in `Link: <…>; rel="next"`.' },
      query: { limit: fields.limit(50, 200), cursor: fields.cursor },
      async handle({ limit, cursor }, { principal, request }) {
        const page = await engine.sessions.list(principal.id, { limit, ...(cursor !== undefined && { cursor }) });
        const next = page.cursor && nextLink(`${request.prefix}/api/v1/sessions`, { limit, cursor: page.cursor });
        const rows = page.items.map((session) => toSessionRow(session, engine.models.current));
        return json(200, rows, next ? { link: next } : undefined);
      },
    }),
    route("user", "GET", "/api/v1/sessions/{session_id}", {
      summary: "Read a session's last messages",
      reply: {
        schema: schemas.sessionDetail,
        description: 'Earlier messages, if any, are at `Link: <…>; rel="next"`.',
      },
      errors: ["session_not_found", "not_found"],
      params: { session_id: fields.sessionId },
      query: { limit: fields.limit(200, 1000), before: fields.cursor },
      async handle({ session_id: id, limit, before }, { principal, request }) {
        const key = { owner: principal.id, id };
        const history = await engine.sessions.history(key, await pageBefore(engine, key, limit, before));
        if (!history) throw sessionNotFound();
        const first = history.messages.length === limit ? history.messages[0] : undefined;
        const next = first && nextLink(`${request.prefix}/api/v1/sessions/${id}`, { limit, before: first.id });
        return json(200, toSessionDetail(history), next ? { link: next } : undefined);
      },
    }),
    route("user", "DELETE", "/api/v1/sessions/{session_id}", {
      summary: "Delete a session",
      reply: { schema: schemas.deleteReply },
      errors: ["session_not_found"],
      params: { session_id: fields.sessionId },
      async handle({ session_id: id }, { principal }) {
        if (!(await engine.sessions.delete({ owner: principal.id, id }))) throw sessionNotFound();
        return json(200, { message: "Session cleared successfully" });
      },
    }),
    route("public", "GET", "/api/v1/model/info", {
      summary: "The model",
      reply: { schema: schemas.modelInfo },
      handle: async () => json(200, toModelInfo(service, await service.health())),
    }),
    route("public", "GET", "/api/v1/health", {
      summary: "Readiness",
      reply: readinessReplies(schemas.health),
      async handle() {
        const health = await service.health();
        return json(readinessOf(health).code, toHealth(service, health));
      },
    }),
    metricsRoute(service, "/api/v1/metrics"),
    route("public", "GET", "/api/v1/status", {
      summary: "Liveness",
      reply: { schema: statusReply, description: "The process answers; nothing else is asked." },
      handle: () => json(200, toStatus(service)),
    }),
  ];
}

/** RFC 8288. */
function nextLink(path: string, query: { readonly [name: string]: string | number }): string {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return `<${path}?${search}>; rel="next"`;
}
