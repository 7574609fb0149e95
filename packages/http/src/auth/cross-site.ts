import type { HttpRequest } from "../seam.ts";

/**
 * Whether a page of another origin may have sent this request: by `Sec-Fetch-Site` where the browser says so, else by `Origin`.
 * Requests with neither do not come from a browser.
 */
export function isForeign({ headers }: HttpRequest, trusted: Pick<ReadonlySet<string>, "has">): boolean {
  const origin = headers["origin"];
  const site = headers["sec-fetch-site"];
  if (origin !== undefined && trusted.has(origin)) return false;
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== (headers[":authority"] ?? headers["host"]);
}
