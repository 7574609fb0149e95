/**
 * Every name in one place: the conventions of OpenTelemetry for generative AI (open-telemetry/semantic-conventions-genai, read 2026-11-21) are still
 * in development and change.
 */
export const spanAttributes = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  conversation: "gen_ai.conversation.id",
  requestModel: "gen_ai.request.model",
  stream: "gen_ai.request.stream",
  temperature: "gen_ai.request.temperature",
  topP: "gen_ai.request.top_p",
  topK: "gen_ai.request.top_k",
  maxTokens: "gen_ai.request.max_tokens",
  finishReasons: "gen_ai.response.finish_reasons",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cachedTokens: "gen_ai.usage.cache_read.input_tokens",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
  error: "error.type",
  serverAddress: "server.address",
  serverPort: "server.port",
  turn: "parlor.turn.id",
  retries: "parlor.retries",
} as const;

/** As they are in Prometheus: units at the end, counters with `_total`. */
export const metricNames = {
  tokens: "gen_ai_client_token_usage",
  duration: "gen_ai_client_operation_duration_seconds",
  firstChunk: "gen_ai_client_operation_time_to_first_chunk_seconds",
  cost: "parlor_cost_usd_total",
  turns: "parlor_turns_total",
  accepted: "parlor_turn_accepted_seconds",
  live: "parlor_live_turns",
  waiting: "parlor_waiting_turns",
  retries: "parlor_model_retries_total",
  requests: "http_server_request_duration_seconds",
  streams: "parlor_open_streams",
  modelHealthy: "parlor_model_healthy",
  circuitOpen: "parlor_model_circuit_open",
  calls: "parlor_model_calls",
  storeHealthy: "parlor_store_healthy",
  store: "parlor_store_operation_duration_seconds",
} as const;
