import { ChatError } from "@parlor/core";
import { json } from "../../reply.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpReply } from "../../seam.ts";
import type { Service } from "../../service.ts";
import { toTurnInput } from "../../input/turn-input.ts";
import { cursorOf, resume } from "../../stream/resume.ts";
import { replyOf } from "../../stream/reply-of.ts";
import { sse } from "../../stream/sse.ts";
import { readinessOf } from "../readiness.ts";
import { sessionNotFound } from "../session-not-found.ts";
import { z } from "zod";
import { v1Frames } from "./frames.ts";
import { toChatReply, toHealth, toModelInfo, toSessionDetail, toSessionRow, toStatus } from "./shape.ts";

interface ChatInput {
  readonly message?: string | undefined;
  readonly session_id: string;
  readonly system_prompt?: string | undefined;
  readonly temperature?: number | undefined;
  readonly max_tokens?: number | undefined;
}

/** v1: /api/v1. Here `system_prompt` counts for one turn. */
export function v1(service: Service): readonly Route[] {
  const { engine, fields } = service;
  const chat = {
    session_id: fields.sessionId,
    system_prompt: fields.systemPrompt,
  };
  const turnInput = (input: ChatInput, call: Call) => ({
    ...toTurnInput(input, call),
    ...(input.system_prompt !== undefined && { systemPrompt: input.system_prompt }),
  });

  async function stream(input: ChatInput, call: Call): Promise<HttpReply> {
    const cursor = cursorOf(call.request);
    if (cursor !== undefined) {
      const key = { owner: call.principal.id, id: input.session_id };
      const resumed = await resume(service, key, cursor);
      return sse(service, resumed.turn, v1Frames(resumed.turn, engine.clock, resumed), resumed);
    }
    const turn = await engine.start(turnInput(input, call));
    return sse(service, turn, v1Frames(turn, engine.clock, { offset: 0, texts: 0 }), undefined);
  }

  return [
    route("user", "POST", "/api/v1/chat", {
      startsTurn: true,
      body: {
        ...chat,
        message: fields.message,
        temperature: fields.temperature,
        max_tokens: fields.maxTokens,
        stream: z.boolean().nullish(),
      },
      async handle(input, call) {
        if (input.stream) return stream(input, call);
        const turn = await engine.start(turnInput(input, call));
        return json(200, toChatReply(await replyOf(turn, call.request.signal), input.session_id));
      },
    }),
    route("user", "GET", "/api/v1/chat/stream", {
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
    route("user", "POST", "/api/v1/chat/stop", {
      body: { session_id: fields.sessionId },
      async handle({ session_id: id }, { principal }) {
        return json(200, { stopped: await engine.stop({ owner: principal.id, id }), session_id: id });
      },
    }),
    route("user", "GET", "/api/v1/sessions", {
      query: { limit: fields.limit(50, 200), cursor: fields.cursor },
      async handle({ limit, cursor }, { principal, request }) {
        const page = await engine.sessions.list(principal.id, { limit, ...(cursor !== undefined && { cursor }) });
        const next = page.cursor && nextLink(`${request.prefix}/api/v1/sessions`, { limit, cursor: page.cursor });
        const rows = page.items.map((session) => toSessionRow(session, engine.info.model));
        return json(200, rows, next ? { link: next } : undefined);
      },
    }),
    route("user", "GET", "/api/v1/sessions/{session_id}", {
      params: { session_id: fields.sessionId },
      query: { limit: fields.limit(200, 1000), before: fields.cursor },
      async handle({ session_id: id, limit, before }, { principal, request }) {
        const key = { owner: principal.id, id };
        const seq = before === undefined ? undefined : (await engine.storage.sessions.message(key, before))?.seq;
        if (before !== undefined && seq === undefined) {
          throw new ChatError("not_found", "There is no message with the id given as `before`.");
        }
        const history = await engine.sessions.history(key, { limit, ...(seq !== undefined && { before: seq }) });
        if (!history) throw sessionNotFound();
        const first = history.messages.length === limit ? history.messages[0] : undefined;
        const next = first && nextLink(`${request.prefix}/api/v1/sessions/${id}`, { limit, before: first.id });
        return json(200, toSessionDetail(history), next ? { link: next } : undefined);
      },
    }),
    route("user", "DELETE", "/api/v1/sessions/{session_id}", {
      params: { session_id: fields.sessionId },
      async handle({ session_id: id }, { principal }) {
        if (!(await engine.sessions.delete({ owner: principal.id, id }))) throw sessionNotFound();
        return json(200, { message: "Session cleared successfully" });
      },
    }),
    route("public", "GET", "/api/v1/model/info", {
      handle: async () => json(200, toModelInfo(service, await service.health())),
    }),
    route("public", "GET", "/api/v1/health", {
      async handle() {
        const health = await service.health();
        return json(readinessOf(health).code, toHealth(service, health));
      },
    }),
    route("public", "GET", "/api/v1/status", { handle: () => json(200, toStatus(service)) }),
  ];
}

/** RFC 8288. */
function nextLink(path: string, query: { readonly [name: string]: string | number }): string {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return `<${path}?${search}>; rel="next"`;
}
