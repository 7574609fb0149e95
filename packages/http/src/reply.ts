import type { WebFile, WebPage } from "./docs-ui.ts";
import type { HttpHeaders, HttpReply, HttpRequest } from "./seam.ts";

const jsonHeaders: HttpHeaders = {
  "content-type": "application/json",
  "cache-control": "no-store",
};

export function json(status: number, value: unknown, headers?: HttpHeaders): HttpReply {
  return { status, headers: headers ? { ...jsonHeaders, ...headers } : jsonHeaders, body: JSON.stringify(value) };
}

export function noContent(headers: HttpHeaders = {}): HttpReply {
  return { status: 204, headers, body: undefined };
}

export function page({ html, policy }: WebPage): HttpReply {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "cache-control": "no-cache",
    "referrer-policy": "no-referrer",
  };
  return { status: 200, headers, body: html };
}

/** Kept by browsers and asked after each time, so that an update is seen at once. */
export function file({ headers: asked }: HttpRequest, { type, etag, bytes }: WebFile): HttpReply {
  const headers = { "content-type": type, etag, "cache-control": "no-cache" };
  // A server in between that compresses makes the tag a weak one.
  const known = asked["if-none-match"]?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
  return known ? { status: 304, headers, body: undefined } : { status: 200, headers, body: bytes };
}
