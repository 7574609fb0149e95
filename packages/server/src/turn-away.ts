import { randomUUID } from "node:crypto";
import type { HttpReply } from "@parlor/http";
import { type NodeIncoming, type NodeOutgoing, send } from "@parlor/http/node";
import type { Logger } from "pino";

/** Answers requests that never reach the handler, and logs them like those that do. */
export function createTurnAway(logger: Logger) {
  return (toReply: (requestId: string) => HttpReply) => (incoming: NodeIncoming, outgoing: NodeOutgoing) => {
    const { method = "GET" } = incoming;
    const requestId = randomUUID();
    const reply = toReply(requestId);
    send(reply, method, outgoing);
    logger.info({ method, status: reply.status, request_id: requestId }, "request");
  };
}
