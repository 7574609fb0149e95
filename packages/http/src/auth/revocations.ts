import { ChatError, type ChatEngine } from "@parlor/core";
import { FreshRecords } from "./fresh-records.ts";

/** Tokens that are dead before their time, on every node of a storage. */
export interface Revocations {
  /** `id`: the token's `jti`. Kept until `expiresAt`, milliseconds since 1970, when the token is dead anyway. */
  revoke(id: string, expiresAt: number): Promise<void>;
  /** At most a second late on other nodes. */
  isRevoked(id: string): Promise<boolean>;
}

const kind = "tokens:revoked";

/** For `jwt({ …, revocations: revocations(engine) })`. */
export function revocations({ storage, clock }: Pick<ChatEngine, "storage" | "clock">): Revocations {
  const records = new FreshRecords({ storage, clock }, kind);
  return {
    async revoke(id, expiresAt) {
      if (id.length < 1 || id.length > 256) {
        throw new ChatError("invalid_request", "A token's id has 1 to 256 characters.");
      }
      const ttlMs = expiresAt - clock.now();
      if (!(ttlMs > 0)) return;
      await storage.records.put(kind, id, "", ttlMs);
      await records.changed(id);
    },
    isRevoked: async (id) => (await records.get(id)) !== undefined,
  };
}
