import type { Storage, StorePart } from "@parlor/core";

export interface StoreCall {
  /** The store's own name: `postgres`, `redis` … */
  readonly store: string;
  readonly part: keyof Storage;
  readonly operation: string;
  readonly outcome: "ok" | "failed";
  readonly ms: number;
}

/** The storage, each of whose calls is told once it is over. What comes at once still does. */
export function timedStorage(storage: Storage, told: (call: StoreCall) => void): Storage {
  const timed = <P extends StorePart>(part: keyof Storage, inner: P): P =>
    new Proxy(inner, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (typeof name === "symbol" || name === "close") return value.bind(target);
        return (...given: readonly unknown[]) => {
          const since = performance.now();
          const over = (outcome: StoreCall["outcome"]) =>
            told({ store: target.info.name, part, operation: name, outcome, ms: performance.now() - since });
          const result: unknown = value.apply(target, given);
          if (result instanceof Promise) {
            result.then(
              () => over("ok"),
              () => over("failed"),
            );
          } else over("ok");
          return result;
        };
      },
    });
  return {
    sessions: timed("sessions", storage.sessions),
    turns: timed("turns", storage.turns),
    limits: timed("limits", storage.limits),
    records: timed("records", storage.records),
    bus: timed("bus", storage.bus),
  };
}
