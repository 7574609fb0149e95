import { ChatError, type Turn, type TurnInput } from "@parlor/core";
import { z } from "zod";
import { turnOf } from "../../input/turn-input.ts";
import { json } from "../../reply.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpReply } from "../../seam.ts";
import type { Service } from "../../service.ts";
import { replyOf } from "../../stream/reply-of.ts";
import { cursorOf, resume, type Resumed } from "../../stream/resume.ts";
import { sse } from "../../stream/sse.ts";
import { chatFrames } from "./chat-frames.ts";
import { askedOf, settingsOf, toMessages } from "./chat-input.ts";
import { toCompletion } from "./chat-reply.ts";
import * as schemas from "./chat-schemas.ts";
import type { ChatBody } from "./chat-schemas.ts";
import { openaiFailure } from "./failure.ts";
import { responses } from "./responses.ts";
import { newest, sessionOf, stateless } from "./session.ts";

/** openai: /v1. Without a session a call is stateless, as the protocol is. */
export function openai(service: Service): readonly Route[] {
  const { engine } = service;

  async function start(body: ChatBody, call: Call, session: string | undefined): Promise<Turn> {
    const input = { ...turnOf(session ?? "", settingsOf(body), call), ...askedOf(body) };
    if (session === undefined) return engine.start(stateless({ ...input, messages: toMessages(body.messages) }, call));
    const turn = await engine.start({ ...input, ...sayingOf(body), owner: call.own(session).id });
    // The message is stored: sent again it would be said twice.
    call.replyHeaders["x-should-retry"] = "false";
    return turn;
  }

  function stream(body: ChatBody, turn: Turn, resumed?: Resumed): Promise<HttpReply> {
    const { tools = [], stream_options: options } = body;
    const frames = chatFrames(turn, {
      isTheirs: (name) => tools.some((tool) => tool.function.name === name),
      includeUsage: options?.include_usage === true,
      resumed: resumed !== undefined && resumed.offset > 0,
    });
    return sse(service, turn, frames, resumed, service.retryableHeadersAfter);
  }

  const modelOf = (tag: string, owner: string) => ({ id: tag, object: "model", created: 0, owned_by: owner });

  const model = (id: string) => {
    const found = engine.models.list().find(({ tag }) => tag === id);
    if (!found)
      throw new ChatError("unknown_model", "There is no such model here; GET /v1/models lists those that there are.");
    return json(200, modelOf(found.tag, found.info.provider));
  };

  const routes = [
    route("user", "POST", "/v1/chat/completions", {
      summary: "Answer messages, or the newest ones of a session",
      reply: [
        { schema: schemas.completion, description: "The answer." },
        schemas.completionStream,
        schemas.nothingLeft,
      ],
      errors: ["unknown_model", "unsupported_by_model", "not_found", "cursor_expired"],
      startsTurn: true,
      body: schemas.chatBody(service),
      async handle(body, call) {
        const session = sessionOf(service, call, body.metadata?.session_id);
        const cursor = cursorOf(call.request);
        if (cursor !== undefined) {
          // A turn without a session is found by its own id.
          const id = session ?? cursor.replace(/:\d+$/, "");
          const resumed = await resume(service, { owner: call.own(session ?? "").id, id }, cursor);
          return stream(body, resumed.turn, resumed);
        }
        const turn = await start(body, call, session);
        if (body.stream) return stream(body, turn);
        const { tools = [] } = body;
        const reply = await replyOf(turn, call.request.signal);
        return json(
          200,
          toCompletion(reply, (name) => tools.some((tool) => tool.function.name === name)),
        );
      },
    }),
    responses(service),
    route("user", "GET", "/v1/models", {
      summary: "The models",
      reply: { schema: schemas.models },
      handle: () =>
        json(200, { object: "list", data: engine.models.list().map(({ tag, info }) => modelOf(tag, info.provider)) }),
    }),
    route("user", "GET", "/v1/models/{model}", {
      summary: "One model",
      reply: { schema: schemas.model },
      errors: ["unknown_model"],
      params: { model: z.string() },
      handle: ({ model: id }) => model(id),
    }),
    // Tags may hold a slash, and not every client encodes it.
    route("user", "GET", "/v1/models/{owner}/{model}", {
      summary: "One model whose name has an owner",
      reply: { schema: schemas.model },
      errors: ["unknown_model"],
      params: { owner: z.string(), model: z.string() },
      handle: ({ owner, model: id }) => model(`${owner}/${id}`),
    }),
  ];
  return routes.map((each) => ({ ...each, failure: openaiFailure }));
}

/** What is said to a session: its instructions count for this turn. */
function sayingOf({ messages }: ChatBody): Pick<TurnInput, "messages" | "systemPrompt"> {
  const all = toMessages(messages);
  const system = all.flatMap(({ role, parts }) =>
    role === "system" ? parts.map((part) => (part.type === "text" ? part.text : "")) : [],
  );
  return {
    messages: newest(all).filter(({ role }) => role !== "system"),
    ...(system.length > 0 && { systemPrompt: system.join("\n\n") }),
  };
}
