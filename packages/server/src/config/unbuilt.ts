import type { Variables } from "./variables.ts";

const protection = "is set, but authentication is not built yet and every caller would be let in; unset it to start";
const unused = "is set, but nothing uses it yet";

/** Variables whose absence of effect would cost somebody data or protection: the server does not start with them. */
export const stops: Partial<Record<keyof Variables, string>> = {
  SECRET_KEY: protection,
  JWT_SECRET: protection,
  DEFAULT_ADMIN_PASSWORD: protection,
  API_KEY: protection,
  API_TOKEN: protection,
  AUTH_SERVICE_URL: protection,
};

/** Variables that only leave something out: a line at start says so. */
export const warns: readonly (keyof Variables)[] = [
  "ACCESS_TOKEN_EXPIRE_MINUTES",
  "AUTH_CACHE_TTL_SECONDS",
  "CORS_ORIGINS",
  "DEFAULT_ADMIN_USERNAME",
  "ENABLE_METRICS",
  "FRONTEND_URL",
  "METRICS_PATH",
  "MODELS",
];

/** What the environment asks for and this version cannot give. */
export function findUnbuilt(variables: Variables): { faults: string[]; warnings: string[] } {
  const asked = (name: string) =>
    variables[name as keyof Variables] !== undefined && variables[name as keyof Variables] !== false;
  const faults = Object.entries(stops)
    .filter(([name]) => asked(name))
    .map(([name, why]) => `${name} ${why}`);
  if (variables.ENVIRONMENT === "production") {
    faults.push(
      "ENVIRONMENT=production needs authentication, which is not built yet; mount @parlor/express with your own `auth`",
    );
  }
  const warnings: string[] = warns.filter(asked);
  if (variables.ROOT_PAGE === "chat") warnings.push("ROOT_PAGE=chat");
  return { faults, warnings: warnings.map((name) => `${name} ${unused}`) };
}
