import type { HttpHeaders, HttpReply } from "./seam.ts";

const jsonHeaders: HttpHeaders = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

export function json(status: number, value: unknown, headers?: HttpHeaders): HttpReply {
  return { status, headers: headers ? { ...jsonHeaders, ...headers } : jsonHeaders, body: JSON.stringify(value) };
}

export function noContent(headers: HttpHeaders = {}): HttpReply {
  return { status: 204, headers, body: undefined };
}
