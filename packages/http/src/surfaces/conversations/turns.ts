import type { ErrorCode, ModelSettings, Turn, TurnInput } from "@parlor/core";
import { z } from "zod";
import { turnOf } from "../../input/turn-input.ts";
import { json, noContent } from "../../reply.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpReply } from "../../seam.ts";
import type { Service } from "../../service.ts";
import { replyOf } from "../../stream/reply-of.ts";
import { cursorOf, resume, type Resumed } from "../../stream/resume.ts";
import { sse } from "../../stream/sse.ts";
import { conversationNotFound, conversationOf } from "./conversation.ts";
import { conversationFrames } from "./frames.ts";
import * as schemas from "./schemas.ts";
import { toMessage, toTitle } from "./shape.ts";

interface Said {
  readonly id: string;
  readonly temperature?: number | undefined;
  readonly max_tokens?: number | undefined;
  readonly top_k?: number | undefined;
  readonly thinking_mode?: boolean | undefined;
}

const resuming: readonly ErrorCode[] = ["session_not_found", "not_found", "cursor_expired"];

/** What is said in a conversation, and what is answered. */
export function turns(service: Service): readonly Route[] {
  const { engine, fields } = service;
  const id = { id: fields.sessionId };
  const settings = {
    temperature: fields.temperature,
    max_tokens: fields.maxTokens,
    top_k: fields.optional(z.int().min(1).max(1_000)),
    thinking_mode: fields.optional(fields.onOff),
  };
  const keyOf = (input: { readonly id: string }, { principal }: Call) => ({ owner: principal.id, id: input.id });

  /** Starts a turn on a conversation that is there; what is said first names it. */
  async function start(input: Said, call: Call, what: Partial<TurnInput>): Promise<Turn> {
    const key = keyOf(input, call);
    const { title, messageCount } = await conversationOf(engine, key);
    const turn = await engine.start(turnOf(key.id, settingsOf(input), call, what));
    if (title === undefined && messageCount === 0 && typeof what.message === "string")
      await engine.sessions.update(key, { title: toTitle(what.message) });
    return turn;
  }

  const stream = (turn: Turn, resumed?: Resumed): Promise<HttpReply> =>
    sse(service, turn, conversationFrames(turn), resumed);

  /** A reader that comes back starts nothing. */
  async function streamOf(input: Said, call: Call, what: () => Partial<TurnInput>): Promise<HttpReply> {
    const cursor = cursorOf(call.request);
    if (cursor === undefined) return stream(await start(input, call, what()));
    const resumed = await resume(service, keyOf(input, call), cursor);
    return stream(resumed.turn, resumed);
  }

  return [
    route("user", "POST", "/api/conversations/{id}/messages", {
      summary: "Say something, or say it anew, and get the answer while it comes",
      reply: [schemas.eventStream, schemas.nothingLeft],
      errors: [...resuming, "message_not_found"],
      startsTurn: true,
      params: id,
      body: { content: fields.message, edit_of: fields.optional(fields.id), ...settings },
      handle: (input, call) =>
        streamOf(input, call, () => ({
          message: input.content,
          ...(input.edit_of !== undefined && { editOf: input.edit_of }),
        })),
    }),
    route("user", "POST", "/api/conversations/{id}/message", {
      summary: "Say something and get the answer, or store a message of another role",
      reply: { schema: schemas.added },
      errors: ["session_not_found"],
      startsTurn: true,
      params: id,
      query: { content: fields.message.optional(), role: fields.optional(role) },
      body: { content: fields.message.optional(), role: fields.optional(role) },
      async handle(input, call) {
        const key = keyOf(input, call);
        const content = fields.required("content", input.content);
        const done = { session_id: input.id, message: "Message added successfully" };
        if (input.role !== undefined && input.role !== "user") {
          if (!(await engine.sessions.add(key, { role: input.role, text: content }))) throw conversationNotFound();
          return json(200, done);
        }
        const turn = await start(input, call, { message: content });
        await replyOf(turn, call.request.signal);
        const answer = await engine.storage.sessions.message(key, turn.message);
        return json(200, { ...done, ...(answer && { reply: toMessage(input.id, answer) }) });
      },
    }),
    route("user", "GET", "/api/conversations/{id}/stream", {
      summary: "Say something and get the answer while it comes; without a prompt, follow the running turn",
      reply: [schemas.eventStream, schemas.nothingLeft],
      errors: resuming,
      startsTurn: true,
      params: id,
      query: { prompt: fields.optional(fields.message), thinking: fields.optional(fields.onOff) },
      async handle(input, call) {
        const key = keyOf(input, call);
        const { prompt, thinking: thinking_mode } = input;
        if (prompt !== undefined || cursorOf(call.request) !== undefined)
          return streamOf({ id: input.id, thinking_mode }, call, () => ({
            message: fields.required("prompt", prompt),
          }));
        await conversationOf(engine, key);
        const live = await engine.live(key);
        return live ? stream(live) : noContent();
      },
    }),
    route("user", "POST", "/api/conversations/{id}/regenerate", {
      summary: "Have the last message answered again; the old answer stays if the new one fails",
      reply: [schemas.eventStream, schemas.nothingLeft],
      errors: [...resuming, "nothing_to_regenerate"],
      startsTurn: true,
      params: id,
      body: settings,
      handle: (input, call) => streamOf(input, call, () => ({ regenerate: true })),
    }),
  ];
}

const role = z.enum(["user", "assistant", "system"]);

function settingsOf({ temperature, max_tokens, top_k, thinking_mode }: Said): ModelSettings {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(max_tokens !== undefined && { maxTokens: max_tokens }),
    ...(top_k !== undefined && { topK: top_k }),
    ...(thinking_mode !== undefined && { thinking: thinking_mode }),
  };
}
