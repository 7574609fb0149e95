import type { Clock, Decision, LimitReceipt, LimitRule, LimitStore } from "../contracts/index.ts";
import { MemoryPart } from "./options.ts";
import { notDue, Schedule, type Due } from "./schedule.ts";

interface Window extends Due {
  readonly key: string;
  /** Names this opening of the window in receipts. */
  readonly name: string;
  readonly windowMs: number;
  used: number;
}

interface Place extends Due {
  readonly key: string;
  readonly holder: string;
}

export class MemoryLimits extends MemoryPart implements LimitStore {
  readonly #clock: Clock;
  /** By duration, then key: two rules on one key do not share a window. */
  readonly #windows = new Map<number, Map<string, Window>>();
  readonly #windowEnds = new Schedule<Window>();
  readonly #places = new Map<string, Map<string, Place>>();
  readonly #placeEnds = new Schedule<Place>();
  #opened = 0;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  async consume(key: string, cost: number, { limit, windowMs }: LimitRule): Promise<Decision> {
    const now = this.#sweep();
    const open = this.#windows.get(windowMs)?.get(key);
    const used = open?.used ?? 0;
    if (used + cost > limit) {
      const resetMs = open ? open.dueAt - now : windowMs;
      return { allowed: false, limit, remaining: Math.max(0, limit - used), resetMs };
    }
    const window = open ?? this.#open(key, windowMs, now);
    window.used += cost;
    return {
      allowed: true,
      limit,
      remaining: limit - window.used,
      resetMs: window.dueAt - now,
      receipt: { key, cost, window: window.name },
    };
  }

  async settle({ key, cost, window: name }: LimitReceipt, actual: number): Promise<void> {
    this.#sweep();
    const window = this.#windows.get(Number(name.slice(0, name.indexOf("."))))?.get(key);
    if (window?.name === name) window.used = Math.max(0, window.used + actual - cost);
  }

  async acquire(key: string, holder: string, max: number, ttlMs: number): Promise<boolean> {
    const now = this.#sweep();
    const places = this.#places.get(key) ?? new Map<string, Place>();
    let place = places.get(holder);
    if (!place) {
      if (places.size >= max) return false;
      place = { ...notDue, key, holder };
      places.set(holder, place);
      this.#places.set(key, places);
    }
    this.#placeEnds.put(place, now + ttlMs);
    return true;
  }

  async release(key: string, holder: string): Promise<void> {
    const place = this.#places.get(key)?.get(holder);
    if (!place) return;
    this.#placeEnds.remove(place);
    this.#vacate(place);
  }

  #open(key: string, windowMs: number, now: number): Window {
    const window: Window = { ...notDue, key, name: `${windowMs}.${this.#opened++}`, windowMs, used: 0 };
    const windows = this.#windows.get(windowMs) ?? new Map<string, Window>();
    this.#windows.set(windowMs, windows.set(key, window));
    this.#windowEnds.put(window, now + windowMs);
    return window;
  }

  #vacate({ key, holder }: Place): void {
    const places = this.#places.get(key);
    places?.delete(holder);
    if (places?.size === 0) this.#places.delete(key);
  }

  #sweep(): number {
    const now = this.#clock.monotonic();
    for (let window = this.#windowEnds.take(now); window; window = this.#windowEnds.take(now)) {
      const windows = this.#windows.get(window.windowMs);
      windows?.delete(window.key);
      if (windows?.size === 0) this.#windows.delete(window.windowMs);
    }
    for (let place = this.#placeEnds.take(now); place; place = this.#placeEnds.take(now)) this.#vacate(place);
    return now;
  }
}
