import type { Part, PromptMessage } from "../contracts/index.ts";
import { charactersOf } from "./budgets.ts";

type Media = Extract<Part, { readonly url: string }>;

/** What the large providers take for a picture of a megapixel or more, or for a page of a PDF. */
const perPicture = 1_600;

/**
 * An estimate of the tokens that media take in a prompt, for nobody knows before the provider has looked: 1,600 for an image, for
 * audio, and for what only its address is known of. A file of text in a data: URL counts as text does, a token for 4 bytes; another
 * file (a PDF) a token for 40 characters of its URL, which is a page of 1,600 for 48 KB, and no less than one page.
 */
export function mediaTokens({ type, url }: Media): number {
  if (type !== "file") return perPicture;
  const [, mediaType = ""] = /^data:([^;,]*)/i.exec(url) ?? [];
  if (mediaType === "" || /^(?:image|audio|video)\//i.test(mediaType)) return perPicture;
  if (/^text\/|^application\/(?:json|xml|yaml)$/i.test(mediaType)) return Math.ceil((url.length * 3) / 16);
  return Math.max(perPicture, Math.ceil(url.length / 40));
}

/** About what messages take in a prompt, where no model is asked: a quarter of their characters, and their media. */
export function roughTokens(messages: readonly Pick<PromptMessage, "role" | "parts">[]): number {
  let [characters, media] = [0, 0];
  for (const message of messages) {
    characters += charactersOf(message);
    for (const part of message.parts) if ("url" in part) media += mediaTokens(part);
  }
  return Math.ceil(characters / 4) + media;
}
