import type { SessionKey, TurnRecord } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { isoTime } from "../iso-time.ts";
import { Admission, draining } from "./admission.ts";
import { Limiter, LimitsWithStandIn } from "../limits/index.ts";
import { memory } from "../memory/index.ts";
import { closeStorage, healthOf } from "./health.ts";
import { FollowedTurn, moreTopic, stopTopic } from "./followed-turn.ts";
import { checkCapabilities, checkInput, checkKey } from "./input.ts";
import { LiveTurn } from "./live-turn.ts";
import { LiveTurns } from "./live-turns.ts";
import { ModelRegistry } from "./models.ts";
import { settleOptions } from "./options.ts";
import type { Parts } from "./parts.ts";
import { Pulse } from "./pulse.ts";
import { startReaper } from "./reaper.ts";
import { runTurn } from "./run-turn.ts";
import { createSessions } from "./sessions.ts";
import { summarise, type Times } from "./summary.ts";
import { type LogWriter, TurnLog } from "./turn-log.ts";
import { toStream } from "./turn-stream.ts";
import type { ChatEngine, EngineHealth, EngineOptions, Turn, TurnInput } from "./types.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Makes the engine. Throws `invalid_request` naming the option that cannot be; connects to nothing yet. */
export function createChatEngine(options: EngineOptions): ChatEngine {
  const parts = assemble(options);
  const { storage, clock, models } = parts;
  let running = 0;
  let onIdle: (() => void) | undefined;
  let state: EngineHealth["state"] = "ready";
  const leaving = new AbortController();
  let closing: Promise<void> | undefined;
  let listening: Promise<() => void> | undefined;
  let stopReaping: (() => void) | undefined;
  let stopFollowing: (() => void) | undefined;

  /** Takes its part among the nodes of this storage, from its first stored turn on. */
  function join(): void {
    stopReaping ??= startReaper(parts);
    stopFollowing ??= models.follow(clock);
    if (listening) return;
    // Stops asked for on other nodes; only a hint, the lease's renewal says so too.
    listening = storage.bus.subscribe(stopTopic, (id) => parts.live.get(id)?.abort({ status: "interrupted" }));
    listening.catch((error: unknown) => {
      listening = undefined;
      parts.report(error, "subscribing to the bus");
    });
  }

  async function start(input: TurnInput): Promise<Turn> {
    parts.admission.check(input.owner);
    checkInput(input, parts.maxMessageCharacters);
    const stored = input.session !== undefined;
    if (stored) join();
    const chosen = models.choose(input);
    const uses = chosen instanceof Promise ? await chosen : chosen;
    checkCapabilities(input, uses.backend.info, parts.tools);
    const now = clock.now();
    const times: Times = { startedAt: clock.monotonic() };
    const id = parts.newId();
    const turn = new LiveTurn({
      id,
      key: { owner: input.owner, id: input.session ?? id },
      stored,
      message: parts.newId(),
      uses,
      createdAt: isoTime(now),
      limitKey: input.limitKey ?? input.owner,
      log: stored ? parts.log : parts.localLog,
      now: times.startedAt,
    });
    return await new Promise((resolve, reject) => {
      const accept = () => {
        times.acceptedAt = clock.monotonic();
        resolve(turn);
      };
      const over = (refusal?: unknown) => {
        running -= 1;
        if (running === 0) onIdle?.();
        if (!turn.claim && refusal === undefined) return;
        try {
          parts.onTurn?.(summarise(parts, turn, input, times, refusal));
        } catch (error) {
          parts.report(error, "telling of a turn");
        }
      };
      const repeat = (record: TurnRecord) => resolve(attach(record, stored));
      running += 1;
      runTurn(parts, turn, input, { accept, repeat }).then(
        () => over(),
        (error: unknown) => {
          reject(error);
          over(error);
        },
      );
    });
  }

  function attach(record: TurnRecord, stored: boolean): Turn {
    return parts.live.get(record.id) ?? new FollowedTurn(parts, record, stored);
  }

  async function stop(key: SessionKey): Promise<boolean> {
    const waiting = parts.line.stop(key);
    const record = await storage.turns.stop(key);
    if (record === undefined) return waiting > 0;
    const turn = attach(record, true);
    await turn.stop();
    return true;
  }

  async function close(drainMs: number): Promise<void> {
    state = "draining";
    parts.admission.drain();
    parts.line.stopAll(draining());
    leaving.abort();
    // Whoever has no claim by now gets none, so these are all there are.
    const late = clock.after(drainMs, () => {
      for (const turn of parts.live.all()) turn.abort({ status: "interrupted", error: draining() });
    });
    if (running > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    late();
    state = "closed";
    stopReaping?.();
    stopFollowing?.();
    (await listening?.catch(() => undefined))?.();
    await Promise.all([models.close(), closeStorage(storage)]);
  }

  return {
    get info() {
      return models.currentModel.backend.info;
    },
    models,
    get state() {
      return state;
    },
    closing: leaving.signal,
    storage,
    clock,
    get settings() {
      return models.currentModel.settings;
    },
    maxMessageCharacters: parts.maxMessageCharacters,
    sessions: createSessions(parts, stop),
    start,
    stream: (input) => toStream(start(input)),
    send: async (input) => (await start(input)).reply(),
    stop: async (key) => {
      checkKey(key.owner, key.id);
      return stop(key);
    },

    async turn(key, id) {
      const live = parts.live.get(id);
      if (live && live.key.owner === key.owner && live.key.id === key.id) return live;
      const record = await storage.turns.get(key, id);
      if (record) return new FollowedTurn(parts, record, true);
      const local = await parts.localLog.turns.get(key, id);
      if (local) return new FollowedTurn(parts, local, false);
      throw new ChatError("not_found", "There is no such turn on this session, or it ended long ago.");
    },

    async live(key) {
      const record = await storage.turns.live(key);
      return record && record.outcome === undefined ? attach(record, true) : undefined;
    },

    health: () => healthOf(parts, state),

    load: () => ({ live: parts.live.size, waiting: parts.line.length }),

    close: ({ drainMs = 10_000 } = {}) => (closing ??= close(drainMs)),
  };
}

function assemble(options: EngineOptions): Parts {
  const settled = settleOptions(options);
  const { storage, clock } = settled;
  const live = new LiveTurns();
  const limits = new LimitsWithStandIn(storage.limits, clock, (error) => settled.report(error, "counting limits"));
  const limiter = new Limiter(limits, settled.limits, settled.leaseMs);
  const announce = (turn: LogWriter) => {
    if (!turn.attendedElsewhere) return;
    storage.bus
      .publish(moreTopic(turn.id), "")
      .catch((error: unknown) => settled.report(error, "publishing on the bus"));
  };
  const keepPlaces = (turns: readonly LiveTurn[]) => {
    for (const turn of turns)
      limiter.renew(turn.limitKey, turn.id).catch((error: unknown) => settled.report(error, "renewing limits"));
  };
  return {
    ...settled,
    models: new ModelRegistry(settled),
    toolSpecs: Array.from(settled.tools, ([name, { description, inputSchema }]) => ({
      name,
      description,
      inputSchema,
    })),
    live,
    limiter,
    announce,
    log: new TurnLog(storage.turns, clock, announce),
    localLog: new TurnLog(memory({ clock, maxSessions: 100 }).turns, clock, () => {}),
    admission: new Admission(),
    line: new WaitingLine(clock, settled.busy),
    pulse: new Pulse(settled, live, keepPlaces),
  };
}
