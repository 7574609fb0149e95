import { ChatError, type SessionKey, type Turn, type TurnInput, uuidv7 } from "@parlor/core";
import { turnOf } from "../../input/turn-input.ts";
import { json } from "../../reply.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { replyOf } from "../../stream/reply-of.ts";
import { cursorOf, resume } from "../../stream/resume.ts";
import { sse } from "../../stream/sse.ts";
import { responsesFrames } from "./responses-frames.ts";
import { askedOf, fromResponseId, settingsOf, toMessages, toResponseId, unknownResponse } from "./responses-input.ts";
import { type Shown, toItems, toResponse } from "./responses-reply.ts";
import { nothingLeft } from "./chat-schemas.ts";
import * as schemas from "./responses-schemas.ts";
import type { ResponsesBody } from "./responses-schemas.ts";
import { newest, sessionOf, stateless } from "./session.ts";

/** In which session an input is said. */
type Held = Pick<TurnInput, "isNewSession" | "idempotencyBody" | "onClaim"> & { readonly session: string };

/** /v1/responses: each is a session's newest answer, to go on with by its id, unless `store` is false. */
export function responses(service: Service): Route {
  const { engine } = service;

  /** The session to go on with. Throws `not_found`. */
  function previous(id: string, call: Call): Held {
    const { session, message } = fromResponseId(id);
    const key = { owner: call.own(session).id, id: session };
    // When nobody else can go on with it any more; and a retry, which finds its own answer there, gets its turn before.
    return { session, idempotencyBody: { previous: id }, onClaim: () => expectNewest(key, message) };
  }

  /** Throws `not_found`, and `invalid_request` for a response that is not the newest. */
  async function expectNewest(key: SessionKey, message: string): Promise<void> {
    const history = await engine.sessions.history(key, { limit: 1 });
    const last = history?.messages.at(-1);
    if (!last || !(await engine.storage.sessions.message(key, message))) throw unknownResponse();
    if (last.id === message) return;
    const fault = `is not the newest response; that is ${toResponseId(key.id, last.id)}`;
    throw new ChatError("invalid_request", `previous_response_id ${fault}.`, {
      errors: [{ path: "previous_response_id", message: fault }],
    });
  }

  /** Undefined: stateless, also where the input brings answers of its own. */
  function sessionFor(body: ResponsesBody, call: Call, bringsHistory: boolean): Held | undefined {
    if (body.previous_response_id !== undefined) return previous(body.previous_response_id, call);
    const named = sessionOf(service, call, body.metadata?.session_id);
    if (named !== undefined) return { session: named };
    if (body.store === false || bringsHistory) return undefined;
    return { session: uuidv7(engine.clock.now()), isNewSession: true };
  }

  async function start(body: ResponsesBody, call: Call): Promise<Turn> {
    const messages = toMessages(body.input);
    const held = sessionFor(
      body,
      call,
      messages.some(({ role }) => role === "assistant"),
    );
    const system = messages.flatMap(({ role, parts }) =>
      role === "system" ? parts.map((part) => (part.type === "text" ? part.text : "")) : [],
    );
    const prompt = [body.instructions, ...system].filter(Boolean).join("\n\n");
    const common = turnOf(held?.session ?? "", settingsOf(body), call);
    const input = { ...common, ...askedOf(body), ...(prompt && { systemPrompt: prompt }) };
    const said = messages.filter(({ role }) => role !== "system");
    if (held === undefined) return engine.start(stateless({ ...input, messages: said }, call));
    const turn = await engine.start({
      ...input,
      ...held,
      owner: call.own(held.session).id,
      messages: newest(said),
    });
    // The message is stored: sent again it would be said twice.
    call.replyHeaders["x-should-retry"] = "false";
    return turn;
  }

  const shown = (turn: Turn, body: ResponsesBody): Shown => ({
    turn,
    body,
    isTheirs: (name) => body.tools?.some((tool) => tool.name === name) ?? false,
  });
  const wait = service.retryableHeadersAfter;

  return route("user", "POST", "/v1/responses", {
    summary: "Answer an input, or go on with a response",
    reply: [{ schema: schemas.response, description: "The response." }, schemas.responseStream, nothingLeft],
    errors: ["unknown_model", "unsupported_by_model", "not_found", "cursor_expired"],
    startsTurn: true,
    body: schemas.responsesBody(service),
    async handle(body, call) {
      const cursor = cursorOf(call.request);
      if (cursor !== undefined) {
        const turnId = cursor.replace(/:\d+$/, "");
        const asked = sessionOf(service, call, body.metadata?.session_id);
        const { turn, ended } = await resume(service, { owner: call.own(asked ?? "").id, id: asked ?? turnId }, cursor);
        return sse(service, turn, responsesFrames(shown(turn, body)), { turn, ended, offset: 0, texts: 0 }, wait);
      }
      const turn = await start(body, call);
      if (body.stream) return sse(service, turn, responsesFrames(shown(turn, body)), undefined, wait);
      const { parts, outcome } = await replyOf(turn, call.request.signal);
      const about = shown(turn, body);
      return json(200, toResponse(about, toItems(about, parts, outcome), outcome));
    },
  });
}
