export { balance } from "./balance.ts";
export { circuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";
export { fallback, type FallbackOptions } from "./fallback.ts";
export { limitConcurrency, type LimitConcurrencyOptions } from "./limit-concurrency.ts";
export { retry, type RetryOptions } from "./retry.ts";
