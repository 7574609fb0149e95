export { keyv, type KeyvStorage } from "./keyv.ts";
export { type KeyvStoreOptions } from "./options.ts";
export { keyvPostgres, type KeyvPostgresOptions } from "./postgres.ts";
export { type AnyKeyv } from "./records.ts";
export { keyvRedis, type KeyvRedisOptions } from "./redis.ts";
