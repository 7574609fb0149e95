import { ChatError } from "@parlor/core";

export function tooLarge(limit: number): ChatError {
  return new ChatError("payload_too_large", `The body may have at most ${limit.toLocaleString("en")} bytes.`);
}
