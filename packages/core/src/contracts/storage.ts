import type { SessionStore } from "./session.ts";
import type { Bus, LimitStore, RecordStore } from "./limits-records-bus.ts";
import type { TurnStore } from "./turn.ts";

/** All five parts; mix storages by spreading. */
export interface Storage {
  readonly sessions: SessionStore;
  readonly turns: TurnStore;
  readonly limits: LimitStore;
  readonly records: RecordStore;
  readonly bus: Bus;
}
