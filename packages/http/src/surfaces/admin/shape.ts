import type { EngineHealth } from "@parlor/core";
import type { AccountInfo, IssuedToken, LoginInfo } from "../../auth/accounts.ts";
import type { Service } from "../../service.ts";
import { storeHealth } from "../readiness.ts";

export function toToken({ token, expiresInSeconds, username }: IssuedToken) {
  return { access_token: token, token_type: "bearer", expires_in: expiresInSeconds, username };
}

export function toAccount({ username, createdAt, updatedAt }: AccountInfo) {
  return { username, created_at: createdAt, last_updated: updatedAt };
}

export function toLogin({ id, username, createdAt, lastActivity }: LoginInfo) {
  return { session_id: id, username, created_at: createdAt, last_activity: lastActivity };
}

export function toStatus(health: EngineHealth, logins: number, uptimeSeconds: number) {
  const { healthy } = health.backend;
  return {
    redis_connected: storeHealth(health, "redis") ?? null,
    chatgroq_healthy: healthy,
    backend_healthy: healthy,
    store_healthy: Object.values(health.stores).every((store) => store.healthy),
    active_sessions_count: logins,
    uptime_seconds: uptimeSeconds,
    uptime_formatted: `${Math.floor(uptimeSeconds / 3600)}h ${Math.floor((uptimeSeconds % 3600) / 60)}m`,
  };
}

export function toProvider(service: Service) {
  const { info, settings } = service.engine;
  return {
    current_provider: {
      provider: service.provider(),
      model: info.model,
      base_url: info.baseUrl ?? null,
      temperature: settings.temperature ?? null,
      max_tokens: settings.maxTokens ?? null,
      type: info.kind,
      description: info.description ?? `${info.model} by ${info.provider}`,
    },
  };
}
