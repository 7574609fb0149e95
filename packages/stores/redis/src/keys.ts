/** Global indexes are split over so many keys, so that no node of a cluster carries all of them. */
export const shardCount = 16;

/** What stands in braces in every key of an owner: a cluster keeps them on one node, so a script may touch them all. */
export const tagOf = (owner: string): string => Buffer.from(owner, "utf8").toString("base64url");

export const ownerOf = (tag: string): string => Buffer.from(tag, "base64url").toString("utf8");

/** A name without spaces, colons and braces, so that names can be joined. */
export const encode = (name: string): string => encodeURIComponent(name);

export const decode = (encoded: string): string => decodeURIComponent(encoded);

/** Which part of a global index an owner is in. */
export function shardOf(tag: string): number {
  let hash = 0;
  for (let at = 0; at < tag.length; at++) hash = (hash * 31 + tag.charCodeAt(at)) | 0;
  return Math.abs(hash) % shardCount;
}
