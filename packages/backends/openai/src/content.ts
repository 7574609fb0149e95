import { ChatError, type Part } from "@parlor/core";
import { dataOf } from "@parlor/wire";
import type OpenAI from "openai";
import type { Service } from "./service.ts";

export type UserContent = OpenAI.ChatCompletionContentPart;

/** What a user says, as Chat Completions has it: text alone, or parts. Throws `invalid_request` for what the service cannot take. */
export function toUserContent(parts: readonly Part[], service: Service): string | UserContent[] {
  const [first] = parts;
  if (first?.type === "text" && parts.length === 1) return first.text;
  return parts.map((part) => toPart(part, service));
}

function toPart(part: Part, { name, capabilities, audio = capabilities.includes("files") }: Service): UserContent {
  if (part.type === "text") return { type: "text", text: part.text };
  if (part.type === "image" && capabilities.includes("images")) {
    dataOf(part);
    return { type: "image_url", image_url: { url: part.url } };
  }
  if (part.type === "audio" && audio) {
    const data = dataOf(part);
    if (data === undefined) throw onlyData(name, "audio");
    return { type: "input_audio", input_audio: { data: data.base64, format: formatOf(data.mediaType) } };
  }
  if (part.type === "file" && capabilities.includes("files")) {
    if (dataOf(part) === undefined) throw onlyData(name, "files");
    return { type: "file", file: { file_data: part.url, filename: part.name ?? "file" } };
  }
  throw new ChatError("invalid_request", `${name} takes no ${part.type} from a user.`);
}

/** The two formats of the protocol; throws for others. */
function formatOf(mediaType: string): "wav" | "mp3" {
  if (/^audio\/(x-)?wav$|^audio\/wave$/.test(mediaType)) return "wav";
  if (/^audio\/(mpeg|mp3)$/.test(mediaType)) return "mp3";
  throw new ChatError("invalid_request", "Audio must be WAV or MP3.");
}

function onlyData(name: string, what: string): ChatError {
  return new ChatError("invalid_request", `${name} takes ${what} as data: URLs only, not by address.`);
}
