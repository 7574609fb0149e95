import { ChatError, type Clock } from "@parlor/core";
import type { Route } from "../route.ts";
import type { HttpRequest } from "../seam.ts";
import { Ticker } from "../ticker.ts";
import type { Gate } from "./gate.ts";
import type { Visitor } from "./visitor.ts";

/** By what a connection was let in. */
export interface Admitted<Raw> {
  readonly request: HttpRequest<Raw>;
  readonly route: Route;
  readonly visitor: Visitor;
}

/**
 * Asks again, as long as connections are open, whether who opened them still may: every `periodMs`, with one timer for all, and
 * when their credentials expire. So a revoked key ends streams and sockets, too.
 */
export class Rechecks<Raw> {
  readonly #gate: Gate<Raw>;
  readonly #clock: Clock;
  readonly #ticker: Ticker;

  constructor(gate: Gate<Raw>, clock: Clock, periodMs: number) {
    this.#gate = gate;
    this.#clock = clock;
    this.#ticker = new Ticker(clock, periodMs);
  }

  /** Throws what the gate throws, and `unauthorized` where the same credentials are somebody else's by now. */
  async confirm({ request, route, visitor }: Admitted<Raw>): Promise<Visitor> {
    const now = await this.#gate(request, route);
    if (now.principal?.id !== visitor.principal?.id) {
      throw new ChatError("unauthorized", "These credentials are somebody else's now. Connect again.");
    }
    return now;
  }

  /** Calls `lost` once, when the credentials are no longer good. A check that fails decides nothing before they expire. */
  watch(admitted: Admitted<Raw>, lost: (error: ChatError) => void): () => void {
    // Who came without credentials has none to lose.
    if (admitted.visitor.anonymous) return () => {};
    let expiresAt = admitted.visitor.principal?.expiresAt;
    let asking = false;
    let watching = true;
    let cancelExpiry: (() => void) | undefined;
    const check = () => {
      if (asking) return;
      asking = true;
      this.confirm(admitted).then(passed, failed);
    };
    const stopTicking = this.#ticker.add(check);
    const leave = () => {
      watching = false;
      cancelExpiry?.();
      stopTicking();
    };
    const awaitExpiry = () => {
      cancelExpiry?.();
      if (expiresAt !== undefined) cancelExpiry = this.#clock.after(expiresAt - this.#clock.now(), check);
    };
    const passed = ({ principal }: Visitor) => {
      asking = false;
      expiresAt = principal?.expiresAt;
      if (watching) awaitExpiry();
    };
    const failed = (error: unknown) => {
      asking = false;
      const expired = expiresAt !== undefined && expiresAt <= this.#clock.now();
      if (!watching || !(expired || isRefusal(error))) return;
      leave();
      lost(isRefusal(error) ? error : new ChatError("unauthorized", "These credentials have expired."));
    };
    awaitExpiry();
    return leave;
  }
}

/** Says that the credentials are not good, or not good enough; anything else says that it could not be found out. */
export function isRefusal(error: unknown): error is ChatError {
  return ChatError.isInstance(error) && (error.status === 401 || error.status === 403);
}
