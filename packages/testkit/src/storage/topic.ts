import type { SessionKey, Storage } from "@parlor/core";

/**
 * What a storage may lack, if it says so. `time`: leases, windows and logs can be made to run out (`advance`).
 * `bounds`: it takes `maxSessionsPerOwner`, `maxMessagesPerSession` and `ttlMs`.
 */
export type Capability = "time" | "bounds";

export type PartName = keyof Storage;

/** Bounds a case asks of the storage it runs on. */
export interface Bounds {
  readonly maxSessionsPerOwner?: number;
  readonly maxMessagesPerSession?: number;
  /** How long a session is kept that nobody writes to, in beats. */
  readonly ttlBeats?: number;
  /** How long the log of an ended turn is kept, in beats, and half as long as an idempotency key. Default 10. */
  readonly logBeats?: number;
}

/** What a case gets: a storage, and names that no other case uses. */
export interface Context extends Storage {
  /** The same data as two nodes have it; the same storage twice where there is only one connection. */
  readonly nodes: readonly [Storage, Storage];
  /** Unit of all durations, in milliseconds. */
  readonly beat: number;
  /** Lets time pass for the storage. */
  readonly advance: (beats: number) => Promise<void>;
  /** Whose data this case makes. */
  readonly owner: string;
  /** Somebody else. */
  readonly stranger: string;
  /** A session of the owner's. */
  readonly key: (id?: string) => SessionKey;
  /** A name for a limit, a kind of record or a topic. */
  readonly unique: (label: string) => string;
  /** How many random sequences of calls a case tries, and what they begin from. */
  readonly random: { readonly runs: number; readonly seed: number };
  /** Nobody else has this data, so what is counted of all owners is known. */
  readonly alone: boolean;
  /** Goes on as a process that was started anew, where the subject can. */
  readonly restart: () => Promise<void>;
  /** What is still kept of an owner, where the subject can tell; otherwise nothing. */
  readonly left: (owner: string) => Promise<readonly string[]>;
}

type Run = (context: Context) => Promise<void>;

export interface Case {
  readonly name: string;
  readonly needs: readonly Capability[];
  readonly bounds: Bounds;
  readonly run: Run;
}

export interface Topic {
  readonly name: string;
  readonly parts: readonly PartName[];
  readonly cases: readonly Case[];
}

type Unnamed = Omit<Case, "name">;

/** Cases by what they show. */
export function topic(name: string, parts: readonly PartName[], cases: Record<string, Run | Unnamed>): Topic {
  return {
    name,
    parts,
    cases: Object.entries(cases).map(([title, made]) => ({
      name: title,
      ...(typeof made === "function" ? { needs: [], bounds: {}, run: made } : made),
    })),
  };
}

/** A case in which time passes. */
export const timed = (run: Run): Unnamed => ({ needs: ["time"], bounds: {}, run });

/** A case on a storage with bounds of its own. */
export const bounded = (bounds: Bounds, run: Run): Unnamed => ({
  needs: bounds.ttlBeats === undefined ? ["bounds"] : ["bounds", "time"],
  bounds,
  run,
});
