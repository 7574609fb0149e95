import type { EngineHealth, History, Message, Reply, Session } from "@parlor/core";
import type { Service } from "../../service.ts";
import { isShown, textOf } from "../content.ts";
import { readinessOf } from "../readiness.ts";

export function toChatReply(reply: Reply, session: string) {
  const { generationMs, usage, finishReason } = reply.outcome;
  return {
    message: reply.text,
    session_id: session,
    message_id: reply.message,
    model_name: reply.model,
    timestamp: reply.createdAt,
    generation_time: toSeconds(generationMs ?? 0),
    token_count: usage?.outputTokens,
    finish_reason: finishReason,
    reasoning: reply.reasoning || undefined,
  };
}

export function toSessionRow(session: Session, model: string) {
  return {
    session_id: session.id,
    title: session.title,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
    message_count: session.messageCount,
    model_name: session.model ?? model,
    is_active: true,
  };
}

export function toSessionDetail({ session, messages }: History) {
  return {
    session_id: session.id,
    messages: messages.filter(isShown).map(toMessage),
    created_at: session.createdAt,
    updated_at: session.updatedAt,
    message_count: session.messageCount,
  };
}

function toMessage(message: Message) {
  return {
    id: message.id,
    role: message.role,
    content: textOf(message),
    timestamp: message.createdAt,
    metadata: message.role === "assistant" ? toMetadata(message) : undefined,
  };
}

function toMetadata({ status, meta }: Message) {
  return {
    status,
    model_name: meta?.model,
    token_count: meta?.usage?.outputTokens,
    generation_time: meta?.generationMs === undefined ? undefined : toSeconds(meta.generationMs),
    finish_reason: meta?.finishReason,
  };
}

export function toModelInfo(service: Service, health: EngineHealth) {
  const { info, settings } = service.engine;
  return {
    name: info.model,
    type: service.provider(),
    loaded: isLoaded(health),
    parameters: {
      temperature: settings.temperature ?? null,
      max_tokens: settings.maxTokens ?? null,
      top_p: settings.topP ?? null,
    },
    capabilities: info.capabilities,
  };
}

export function toHealth(service: Service, health: EngineHealth) {
  return {
    status: readinessOf(health).status,
    version: service.version,
    model_type: service.provider(),
    model_name: service.engine.info.model,
    model_loaded: isLoaded(health),
    uptime: service.uptimeSeconds(),
    active_sessions: health.liveTurns,
    timestamp: service.timestamp(),
    checks: { engine: health.state, model: health.backend, stores: health.stores },
  };
}

export function toStatus(service: Service) {
  return { status: "ok", service: service.name, version: service.version, timestamp: service.timestamp() };
}

const isLoaded = ({ backend }: EngineHealth) => backend.loaded ?? backend.healthy;
const toSeconds = (ms: number) => ms / 1000;
