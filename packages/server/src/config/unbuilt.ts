import type { Variables } from "./variables.ts";

const unused = "is set, but nothing uses it yet";

/** Variables that only leave something out: a line at start says so. */
export const warns: readonly (keyof Variables)[] = ["ENABLE_METRICS", "METRICS_PATH"];

/** What the environment asks for and this version cannot give. */
export function findUnbuilt(variables: Variables): string[] {
  const asked = (name: string) =>
    variables[name as keyof Variables] !== undefined && variables[name as keyof Variables] !== false;
  const warnings: string[] = warns.filter(asked);
  if (variables.ROOT_PAGE === "chat") warnings.push("ROOT_PAGE=chat");
  return warnings.map((name) => `${name} ${unused}`);
}
