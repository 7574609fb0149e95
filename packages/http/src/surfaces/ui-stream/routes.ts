import type { SessionKey, Turn } from "@parlor/core";
import { turnOf } from "../../input/turn-input.ts";
import { json, noContent } from "../../reply.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpReply } from "../../seam.ts";
import type { Service } from "../../service.ts";
import { cursorOf, resume } from "../../stream/resume.ts";
import { sse } from "../../stream/sse.ts";
import { pageBefore } from "../page-before.ts";
import { sessionNotFound } from "../session-not-found.ts";
import { askedOf } from "./asked.ts";
import { uiStreamFrames } from "./frames.ts";
import * as schemas from "./schemas.ts";
import { toUIMessages } from "./shape.ts";
import { versionsOf } from "./versions.ts";

/** ui-stream: /api/chat, for `useChat` of the AI SDK. */
export function uiStream(service: Service): readonly Route[] {
  const { engine, fields } = service;
  const params = { id: fields.sessionId };
  const keyOf = ({ id }: { readonly id: string }, { principal }: Call): SessionKey => ({ owner: principal.id, id });

  /** From its beginning, whoever comes: this protocol has no other place to read on from. */
  async function stream(turn: Turn, ended = false): Promise<HttpReply> {
    const reply = await sse(service, turn, uiStreamFrames(turn), { turn, ended, offset: 0, texts: 0 });
    return { ...reply, headers: { ...reply.headers, "x-vercel-ai-ui-message-stream": "v1" } };
  }

  async function resumed(key: SessionKey, cursor: string): Promise<HttpReply> {
    const { turn, ended } = await resume(service, key, cursor);
    return stream(turn, ended);
  }

  return [
    route("user", "POST", "/api/chat", {
      summary: "Say something, say it anew, or have it answered again, as useChat does",
      reply: [schemas.stream, schemas.nothingRuns],
      errors: [
        "session_not_found",
        "message_not_found",
        "message_exists",
        "nothing_to_regenerate",
        "not_found",
        "cursor_expired",
      ],
      startsTurn: true,
      body: schemas.chatBody(service),
      async handle(body, call) {
        const key = keyOf(body, call);
        const cursor = cursorOf(call.request);
        if (cursor !== undefined) return resumed(key, cursor);
        const asked = await askedOf(engine, key, body);
        return stream(await engine.start(turnOf(key.id, {}, call, asked)));
      },
    }),
    route("user", "GET", "/api/chat/{id}/stream", {
      summary: "Follow the running turn from its beginning",
      reply: [schemas.stream, schemas.nothingRuns],
      errors: ["not_found", "cursor_expired"],
      params,
      async handle(input, call) {
        const key = keyOf(input, call);
        const cursor = cursorOf(call.request);
        if (cursor !== undefined) return resumed(key, cursor);
        const live = await engine.live(key);
        return live ? stream(live) : noContent();
      },
    }),
    route("user", "GET", "/api/chat/{id}/messages", {
      summary: "Read the conversation's last messages, as useChat takes them",
      reply: { schema: schemas.messages },
      errors: ["session_not_found", "not_found"],
      params,
      query: { limit: fields.limit(200, 1000), before: fields.cursor },
      async handle({ limit, before, ...input }, call) {
        const key = keyOf(input, call);
        const standing = before === undefined ? undefined : (await versionsOf(engine, key, before)).standing;
        const page = await pageBefore(engine, key, limit, standing?.id ?? before);
        const history = await engine.sessions.history(key, page);
        if (!history) throw sessionNotFound();
        return json(200, toUIMessages(history.messages));
      },
    }),
    route("user", "POST", "/api/chat/{id}/stop", {
      summary: "Stop the running turn; what was generated is kept",
      reply: { schema: schemas.stopped },
      params,
      async handle(input, call) {
        return json(200, { stopped: await engine.stop(keyOf(input, call)) });
      },
    }),
  ];
}
