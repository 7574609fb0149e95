import type { Variables } from "./variables.ts";

/** What the environment asks for and this version cannot give. */
export function findUnbuilt(variables: Variables): string[] {
  return variables.ROOT_PAGE === "chat" ? ["ROOT_PAGE=chat is set, but nothing uses it yet"] : [];
}
