export { geminiApi } from "./gemini-fixtures.ts";
export {
  blockedPrompt,
  errorBody,
  errorInfo,
  failure,
  functionCall,
  parts,
  quotaFailure,
  retryInfo,
  text,
  thoughts,
} from "./reply.ts";
export type { GeminiReply, GeminiStep, GeminiUsage } from "./reply.ts";
export { fakeGoogle } from "./server.ts";
export type { FakeGoogle, FakeGoogleOptions } from "./server.ts";
