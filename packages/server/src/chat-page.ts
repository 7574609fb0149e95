import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { RootPage, WebFile } from "@parlor/http";

/** What the page loads, by name; all of it lies in the folder `page` beside this file, also where the package was built. */
const types: { readonly [name: string]: string } = {
  "chat.css": "text/css; charset=utf-8",
  "chat.js": "text/javascript; charset=utf-8",
  "message.js": "text/javascript; charset=utf-8",
  "api.js": "text/javascript; charset=utf-8",
};

/** No script and no style but the files, nothing from another host, and no text that becomes markup, whoever wrote it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** The chat page, for the option `rootPage`. Reads its files now, some 20 KB, and keeps them. */
export async function chatPage(): Promise<RootPage> {
  const html = (await read("index.html")).toString("utf8");
  const files = new Map<string, WebFile>();
  for (const [name, type] of Object.entries(types)) {
    const bytes = await read(name);
    const etag = `"${createHash("sha256").update(bytes).digest("base64url")}"`;
    files.set(name, { type, etag, bytes });
  }
  return {
    page: ({ title, files: folder }) => ({ html: fill(html, { title, folder }), policy }),
    file: (name) => files.get(name),
  };
}

const read = (name: string) => readFile(new URL(`./page/${name}`, import.meta.url));

/** Puts text where its name stands in braces. */
function fill(html: string, values: { readonly [name: string]: string }): string {
  return html.replaceAll(/\{(\w+)\}/g, (_, name: string) => escape(values[name] ?? ""));
}

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
