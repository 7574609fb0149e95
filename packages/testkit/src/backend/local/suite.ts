import type { Capability, ModelBackend } from "@parlor/core";
import type { Runner } from "../../storage/index.ts";
import type { AskOptions, Outcome } from "../suite.ts";

/** What the model of a case says, whatever it is asked: no provider is there to be faked, so the model itself plays the part. */
export interface LocalModel {
  readonly text: string;
  /** It says its text again and again. */
  readonly endless?: boolean;
  /** It thinks this first. */
  readonly reasoning?: string;
  /** It calls this tool, in the way of its kind, after the text. */
  readonly calls?: string;
  /** It says this instead, and calls nothing, once a word, the key, stands in the conversation. */
  readonly answers?: Readonly<Record<string, string>>;
}

export type LocalGap = Extract<Capability, "reasoning" | "tools" | "images" | "files" | "structured-output">;

export interface LocalBackendConformanceOptions {
  /** Of the backend, for the names of the tests. */
  readonly name: string;
  /** Called for each case, with room for a prompt of 2,000 tokens. The suite closes what it gets. */
  readonly create: (model: LocalModel) => ModelBackend | Promise<ModelBackend>;
  readonly runner: Runner;
  /** What is lacking and not named here fails, and so does what is named and not lacking. */
  readonly lacks?: readonly LocalGap[];
  /** How long a case waits for what must come, in milliseconds; default 30,000. */
  readonly patienceMs?: number;
}

export interface LocalStage {
  readonly lacks: readonly LocalGap[];
  /** Closed after the case. */
  readonly make: (model: LocalModel) => Promise<ModelBackend>;
  /** Asks and gathers what comes. Fails when it does not end, or ends with anything but a ChatError. */
  readonly ask: (backend: ModelBackend, asked?: Omit<AskOptions, "backend">) => Promise<Outcome>;
  /** Fails when this does not come in time. */
  readonly soon: <T>(promise: Promise<T>, what: string) => Promise<T>;
}

export interface LocalCase {
  readonly name: string;
  readonly needs: readonly LocalGap[];
  readonly run: (stage: LocalStage) => Promise<void>;
}

export interface LocalTopic {
  readonly name: string;
  readonly cases: readonly LocalCase[];
}

export function checkLocal(name: string, run: LocalCase["run"], needs: readonly LocalGap[] = []): LocalCase {
  return { name, run, needs };
}
