import type { Principal } from "./auth/principal.ts";
import type { HttpRequest } from "./seam.ts";

/** Around a route's input: who asks, and by which request. */
export interface Call {
  readonly request: HttpRequest;
  readonly principal: Principal;
  /** Whose limits a turn takes; undefined: the principal's. */
  readonly limitKey: string | undefined;
  readonly requestId: string;
}
