import type { Clock } from "@parlor/core";
import { Ticker } from "../ticker.ts";

/** Calls each beat twice per period, so that two without a write between are never more apart. */
export class Heartbeats extends Ticker {
  constructor(clock: Clock, periodMs: number) {
    super(clock, periodMs / 2);
  }
}
