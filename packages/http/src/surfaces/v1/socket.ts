import { ChatError, type SessionKey, type Turn } from "@parlor/core";
import { z } from "zod";
import { parse } from "../../input/validate.ts";
import type { Service } from "../../service.ts";
import { resume } from "../../stream/resume.ts";
import type { Reading, SocketProtocol } from "../../ws/protocol.ts";
import { socketFrames } from "./frames.ts";
import { toV1TurnInput } from "./turn-input.ts";

/** What v1 says over a WebSocket: a message is a turn, `stop` ends one, `resume` reads on in one. */
export function chatSocket(service: Service): SocketProtocol {
  const { engine, fields } = service;
  const session = { session_id: fields.sessionId };
  const stopping = z.object(session);
  const resuming = z.object({ ...session, last_event_id: fields.cursor, after: fields.cursor });
  const chatting = z.object({
    ...session,
    message: fields.message,
    system_prompt: fields.systemPrompt,
    temperature: fields.temperature,
    max_tokens: fields.maxTokens,
    idempotency_key: fields.cursor,
  });

  const reading = (turn: Turn, offset: number, texts: number): Reading => ({
    turn,
    after: offset,
    frames: socketFrames(turn, engine.clock, { offset, texts }),
  });

  /** Without a cursor: the running turn from its beginning. */
  async function read(key: SessionKey, cursor: string | undefined): Promise<Reading> {
    if (cursor === undefined) {
      const turn = await engine.live(key);
      if (!turn) throw new ChatError("not_found", "No turn is running on this session; its messages have the answers.");
      return reading(turn, 0, 0);
    }
    const { turn, offset, ended, texts } = await resume(service, key, cursor);
    // Where HTTP has a status for it, here the end is told once more.
    return ended ? read(key, `${turn.id}:${offset - 1}`) : reading(turn, offset, texts);
  }

  return {
    pong: JSON.stringify({ type: "pong" }),

    async receive(message, callFor) {
      const keyOf = (id: string): SessionKey => ({ owner: callFor(id).principal.id, id });
      if (message["type"] === "stop") {
        await engine.stop(keyOf(parse(stopping, message).session_id));
        return undefined;
      }
      if (message["type"] === "resume") {
        const { session_id: id, last_event_id: seen, after } = parse(resuming, message);
        return read(keyOf(id), seen ?? after);
      }
      if (!message["message"] || !message["session_id"]) {
        throw new ChatError("invalid_request", "Message and session_id are required");
      }
      const input = parse(chatting, message);
      return reading(await engine.start(toV1TurnInput(input, callFor(input.session_id, input.idempotency_key))), 0, 0);
    },

    failure: ({ message: error, code }, about) => {
      const id = about?.["session_id"];
      return JSON.stringify({
        type: "error",
        error,
        code,
        ...(typeof id === "string" && /^.{1,128}$/s.test(id) && { session_id: id }),
      });
    },
  };
}
