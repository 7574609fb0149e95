export { catalog, type ErrorCode } from "./catalog.ts";
export { ChatError, type ChatErrorOptions, type FieldError } from "./chat-error.ts";
