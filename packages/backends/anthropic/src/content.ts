import type Anthropic from "@anthropic-ai/sdk";
import { ChatError, type Part } from "@parlor/core";
import { dataOf } from "@parlor/wire";

type Media = Extract<Part, { type: "image" | "file" }>;

/** What a user says: text, images, PDFs and files of text, by address or as data. Throws `invalid_request` for the rest. */
export function toUserBlock(part: Part, name: string): Anthropic.ContentBlockParam {
  if (part.type === "text") return { type: "text", text: part.text };
  if (part.type === "image") return { type: "image", source: toImageSource(part, name) };
  if (part.type === "file") {
    const title = part.name === undefined ? {} : { title: part.name };
    return { type: "document", source: toDocumentSource(part, name), ...title };
  }
  throw new ChatError("invalid_request", `${name} takes text, images and files from a user, not ${part.type}.`);
}

const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const;

function toImageSource(part: Media, name: string): Anthropic.ImageBlockParam["source"] {
  const { url } = part;
  const data = dataOf(part);
  if (data === undefined) return { type: "url", url };
  const media = imageTypes.find((type) => type === data.mediaType);
  if (media === undefined) throw new ChatError("invalid_request", `${name} takes JPEG, PNG, GIF and WebP images.`);
  return { type: "base64", media_type: media, data: data.base64 };
}

function toDocumentSource(part: Media, name: string): Anthropic.DocumentBlockParam["source"] {
  const { url } = part;
  const data = dataOf(part);
  if (data === undefined) return { type: "url", url };
  if (data.mediaType === "application/pdf") {
    return { type: "base64", media_type: "application/pdf", data: data.base64 };
  }
  if (!/^text\/|^application\/(json|xml|yaml)$/.test(data.mediaType)) {
    throw new ChatError("invalid_request", `${name} takes PDFs and text as files.`);
  }
  return { type: "text", media_type: "text/plain", data: Buffer.from(data.base64, "base64").toString() };
}
