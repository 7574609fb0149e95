import type { ToolSpec } from "../contracts/index.ts";
import type { LiveTurns } from "./live-turns.ts";
import type { ModelRegistry } from "./models.ts";
import type { Admission } from "./admission.ts";
import type { Limiter } from "../limits/index.ts";
import type { Settled } from "./options.ts";
import type { Pulse } from "./pulse.ts";
import type { LogWriter, TurnLog } from "./turn-log.ts";
import type { WaitingLine } from "./waiting-line.ts";

/** What the steps of a turn share. */
export interface Parts extends Omit<Settled, "backend" | "models" | "settings" | "deadlines" | "ownDeadlines"> {
  readonly models: ModelRegistry;
  /** What the models are told of `tools`. */
  readonly toolSpecs: readonly ToolSpec[];
  /** Of turns with a session. */
  readonly log: TurnLog;
  /** Of stateless turns: in this process only. */
  readonly localLog: TurnLog;
  readonly limiter: Limiter;
  readonly admission: Admission;
  readonly line: WaitingLine;
  readonly pulse: Pulse;
  /** Every turn of this process from its claim until it is settled. */
  readonly live: LiveTurns;
  /** Tells readers on other nodes that a turn's log has grown. */
  readonly announce: (turn: LogWriter) => void;
}
