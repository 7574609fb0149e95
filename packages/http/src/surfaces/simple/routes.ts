import { toTurnInput } from "../../input/turn-input.ts";
import { json } from "../../reply.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { replyOf } from "../../stream/reply-of.ts";
import { plainText } from "../../stream/text.ts";
import { sessionNotFound } from "../session-not-found.ts";
import * as schemas from "./schemas.ts";
import { toChatReply, toHistory, toMemoryStats, toSessionRow, toStats } from "./shape.ts";

/** Of a conversation's messages, the last so many. */
const historyLimit = 1_000;

/** simple: /chat and its kin. Here `system_prompt` is the session's, from the turn that makes it on. */
export function simple(service: Service): readonly Route[] {
  const { engine, fields } = service;
  const sessionId = { session_id: fields.sessionId };
  const chat = {
    ...sessionId,
    message: fields.message,
    system_prompt: fields.systemPrompt,
    temperature: fields.temperature,
    max_tokens: fields.maxTokens,
  };
  const keyOf = (id: string, { principal }: Call) => ({ owner: principal.id, id });
  const start = (
    input: Parameters<typeof toTurnInput>[0] & { readonly system_prompt?: string | undefined },
    call: Call,
  ) =>
    engine.start(
      toTurnInput(
        input,
        call,
        input.system_prompt === undefined ? {} : { init: { systemPrompt: input.system_prompt } },
      ),
    );

  return [
    route("user", "POST", "/chat", {
      summary: "Send a message and get the answer",
      reply: { schema: schemas.chatReply },
      startsTurn: true,
      body: chat,
      async handle(input, call) {
        const turn = await start(input, call);
        const reply = await replyOf(turn, call.request.signal);
        const session = await engine.sessions.get(turn.key);
        return json(200, toChatReply(reply, session, call.principal, service.provider()));
      },
    }),
    route("user", "POST", "/chat-stream", {
      summary: "Send a message and get the answer as plain text while it comes",
      reply: {
        type: "text/plain",
        description:
          "The answer and nothing else; a failure after the start is a last line, `Error: …`. It cannot be resumed.",
      },
      startsTurn: true,
      body: chat,
      handle: async (input, call) => plainText(service, await start(input, call)),
    }),
    route("user", "GET", "/history/{session_id}", {
      summary: "Read a session's messages",
      reply: { schema: schemas.history, description: `The last ${historyLimit}.` },
      errors: ["session_not_found"],
      params: sessionId,
      async handle({ session_id: id }, call) {
        const history = await engine.sessions.history(keyOf(id, call), { limit: historyLimit });
        if (!history) throw sessionNotFound();
        return json(200, toHistory(history));
      },
    }),
    route("user", "DELETE", "/history/{session_id}", {
      summary: "Delete a session",
      reply: { schema: schemas.clearReply },
      params: sessionId,
      async handle({ session_id: id }, call) {
        const deleted = await engine.sessions.delete(keyOf(id, call));
        return json(200, { status: deleted ? "cleared" : "not_found", session_id: id });
      },
    }),
    route("user", "GET", "/sessions", {
      summary: "List sessions, the latest first",
      reply: { schema: schemas.sessionPage },
      query: { limit: fields.limit(50, 200), cursor: fields.cursor },
      async handle({ limit, cursor }, { principal }) {
        const page = await engine.sessions.list(principal.id, { limit, ...(cursor !== undefined && { cursor }) });
        return json(200, { sessions: page.items.map(toSessionRow), next_cursor: page.cursor });
      },
    }),
    route("user", "POST", "/reset/{session_id}", {
      summary: "Remove a session's messages and keep the session",
      reply: { schema: schemas.resetReply },
      params: sessionId,
      async handle({ session_id: id }, call) {
        const key = keyOf(id, call);
        const session = await engine.sessions.get(key);
        const cleared = session && (await engine.sessions.clear(key));
        if (cleared === undefined) return json(200, { status: "not_found", session_id: id });
        return json(200, { status: "reset", session_id: id, previous_turns: session?.turnCount });
      },
    }),
    route("user", "GET", "/stats", {
      summary: "Count sessions and messages",
      reply: { schema: schemas.stats, description: "One's own; for an admin everybody's." },
      handle: async (_, { principal }) =>
        json(200, toStats(await engine.sessions.stats(principal.admin ? undefined : principal.id))),
    }),
    route("user", "DELETE", "/chat/sessions/{session_id}", {
      summary: "Delete a session",
      reply: { schema: schemas.deleteReply },
      params: sessionId,
      async handle({ session_id: id }, call) {
        const deleted = await engine.sessions.delete(keyOf(id, call));
        return json(200, { message: `Session ${id} ${deleted ? "cleared successfully" : "not found"}` });
      },
    }),
    route("admin", "GET", "/chat/memory/stats", {
      summary: "How full the session store is",
      reply: { schema: schemas.memoryStats },
      handle: async () => json(200, toMemoryStats(await engine.sessions.stats())),
    }),
  ];
}
