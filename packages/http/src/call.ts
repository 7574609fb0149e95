import type { Quota } from "@parlor/core";
import type { Principal } from "./auth/principal.ts";
import type { HttpRequest } from "./seam.ts";

/** Around a route's input: who asks, and by which request. */
export interface Call {
  readonly request: HttpRequest;
  readonly principal: Principal;
  /** Who a session is that is made now: people who are known by nothing but the session's id are new with each. */
  readonly own: (session: string) => Principal;
  /** Whose limits a turn takes; undefined: the principal's. */
  readonly limitKey: string | undefined;
  readonly requestId: string;
  /** Takes what the engine's limits leave, for the reply. */
  readonly onQuotas: (quotas: readonly Quota[]) => void;
  /** Go onto the reply, whatever it is. */
  readonly replyHeaders: Record<string, string>;
}
