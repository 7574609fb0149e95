import { ChatError, type Part } from "@parlor/core";

type Media = Extract<Part, { readonly url: string }>;

export interface Data {
  /** As the data: URL says, in small letters. */
  readonly mediaType: string;
  readonly base64: string;
}

/**
 * What a data: URL holds, undefined for an http(s) address. Throws `invalid_request` for anything else: nothing but what a caller
 * sent along reaches a service, and no address is ever fetched here.
 */
export function dataOf({ url, type }: Media): Data | undefined {
  if (/^https?:\/\//i.test(url)) return undefined;
  const [, mediaType = "", base64] =
    /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w-]+=[^;,]*)*;base64,([\w+/=-]+)$/i.exec(url) ?? [];
  if (base64 === undefined) {
    throw new ChatError("invalid_request", `The ${type} is neither an http(s) address nor a base64 data: URL.`);
  }
  return { mediaType: mediaType.toLowerCase(), base64 };
}
