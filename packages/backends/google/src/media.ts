import { ChatError, type Part } from "@parlor/core";
import type { Part as WirePart } from "./gemini.ts";

type Media = Extract<Part, { type: "image" | "audio" | "file" }>;

/** What a data: URL holds goes along; other addresses are passed on for Google to fetch, and never fetched here. */
export function toMedia({ type, url, mediaType }: Media): WirePart {
  if (/^data:/i.test(url)) return { inlineData: toInline(url, mediaType) };
  if (!/^(https?|gs):\/\//i.test(url)) {
    throw new ChatError("invalid_request", `The ${type}'s address must begin with data:, https: or gs:.`);
  }
  return { fileData: { fileUri: url, ...(mediaType !== undefined && { mimeType: mediaType }) } };
}

/** `data:image/png;base64,…`; what is percent-encoded becomes base64. */
function toInline(url: string, mediaType: string | undefined): { mimeType: string; data: string } {
  const comma = url.indexOf(",");
  const [type = "", ...parameters] = url.slice("data:".length, comma).split(";");
  const mimeType = mediaType ?? (type === "" ? "text/plain" : type.toLowerCase());
  const encoded = parameters.at(-1)?.trim().toLowerCase() === "base64";
  const data = comma === -1 ? undefined : decoded(url.slice(comma + 1));
  if (data === undefined || (encoded && !/^[\w+/=-]+$/.test(data))) {
    throw new ChatError("invalid_request", "A data: URL of the message cannot be read.");
  }
  return { mimeType, data: encoded ? data : Buffer.from(data).toString("base64") };
}

function decoded(data: string): string | undefined {
  try {
    return data.includes("%") ? decodeURIComponent(data) : data;
  } catch {
    return undefined;
  }
}
