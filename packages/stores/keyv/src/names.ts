import { createHash } from "node:crypto";
import type { SessionKey } from "@parlor/core";

/** Keeps every key below 210 characters: the Postgres adapter takes 255, memcached 250. */
const longest = 64;

const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** One piece of a key. `~` is no letter of base64url, so a digest is never taken for a name. */
function piece(text: string): string {
  const encoded = Buffer.from(text).toString("base64url");
  return encoded.length <= longest ? encoded : `~${sha256(text).toString("base64url")}`;
}

/**
 * Keys hold letters, digits and `-_~.` only. Without a colon, Keyv cannot take the beginning of one for its own prefix and leave
 * that out.
 */
export const checkName = "parlor.check";

export interface OwnerNames {
  /** The index of the owner's sessions. */
  readonly index: string;
  /** A page of it. */
  readonly page: (number: number) => string;
}

export function ownerNames(owner: string): OwnerNames {
  const name = piece(owner);
  return { index: `parlor.o.${name}`, page: (number) => `parlor.x.${name}.${number}` };
}

export interface SessionNames {
  readonly head: string;
  /** A page of messages. */
  readonly page: (number: number) => string;
  /** Which seq the message of this id has. */
  readonly seq: (id: string) => string;
}

export function sessionNames({ owner, id }: SessionKey): SessionNames {
  const name = `${piece(owner)}.${piece(id)}`;
  return {
    head: `parlor.s.${name}`,
    page: (number) => `parlor.p.${name}.${number}`,
    seq: (message) => `parlor.m.${name}.${piece(message)}`,
  };
}

export const buckets = 256;

/** Part of the list of all owners. */
export const bucketName = (bucket: number): string => `parlor.r.${bucket}`;

export const bucketOf = (owner: string): number => sha256(owner).readUInt8(0);
