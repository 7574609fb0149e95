import { ChatError } from "@parlor/core";

export const sessionNotFound = (): ChatError => new ChatError("session_not_found", "Session not found");
