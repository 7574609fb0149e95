import type Anthropic from "@anthropic-ai/sdk";
import { ChatError, type Part } from "@parlor/core";

type Url = Extract<Part, { type: "image" | "file" }>;

/** What a user says: text, images, PDFs and plain text files, by address or as data. Throws `invalid_request` for the rest. */
export function toUserBlock(part: Part, name: string): Anthropic.ContentBlockParam {
  if (part.type === "text") return { type: "text", text: part.text };
  if (part.type === "image") return { type: "image", source: toImageSource(part, name) };
  if (part.type === "file") return toDocument(part, name);
  throw new ChatError("invalid_request", `${name} takes text, images and files from a user, not ${part.type}.`);
}

const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const;

function toImageSource(part: Url, name: string): Anthropic.ImageBlockParam["source"] {
  const data = dataOf(part);
  if (data === undefined) return { type: "url", url: addressOf(part, name) };
  const media = imageTypes.find((type) => type === data.type);
  if (media === undefined) throw new ChatError("invalid_request", `${name} takes JPEG, PNG, GIF and WebP images.`);
  return { type: "base64", media_type: media, data: data.base64() };
}

function toDocument(part: Url, name: string): Anthropic.DocumentBlockParam {
  const title = part.type === "file" && part.name !== undefined ? { title: part.name } : {};
  const data = dataOf(part);
  if (data === undefined) return { type: "document", source: { type: "url", url: addressOf(part, name) }, ...title };
  if (data.type === "application/pdf") {
    return {
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: data.base64() },
      ...title,
    };
  }
  if (!/^text\/|^application\/(json|xml|yaml)$/.test(data.type)) {
    throw new ChatError("invalid_request", `${name} takes PDFs and text as files.`);
  }
  return { type: "document", source: { type: "text", media_type: "text/plain", data: data.text() }, ...title };
}

/** The provider fetches it, not we. */
function addressOf({ url, type }: Url, name: string): string {
  if (/^https?:\/\//i.test(url)) return url;
  throw new ChatError("invalid_request", `${name} takes ${type}s by an http(s) address or as data: URL.`);
}

interface Data {
  /** The media type, lower case, without parameters. */
  readonly type: string;
  readonly base64: () => string;
  readonly text: () => string;
}

/** RFC 2397; the part's own media type wins. */
function dataOf({ url, mediaType }: Url): Data | undefined {
  const match = /^data:([^,]*?)(;base64)?,/i.exec(url);
  if (match === null) return undefined;
  const [head, named = "", encoded] = match;
  const raw = url.slice(head.length);
  const bytes = (): Buffer => Buffer.from(decodeURIComponent(raw));
  const [type = ""] = (mediaType ?? (named || "text/plain")).toLowerCase().split(";", 1);
  return {
    type: type.trim(),
    base64: () => (encoded ? raw : bytes().toString("base64")),
    text: () => (encoded ? Buffer.from(raw, "base64").toString() : bytes().toString()),
  };
}
