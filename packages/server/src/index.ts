export type { ModelChoice } from "./config/choose-model.ts";
export { readConfig, type Config, type ConfigResult, type LogLevel } from "./config/read-config.ts";
export { createLogger } from "./log/create-logger.ts";
export { StartError } from "./start-error.ts";
export { startServer, type RunningServer } from "./start-server.ts";
