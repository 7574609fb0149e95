import { EventEmitter } from "node:events";

/** What becomes of a write: it is done; it is not, and says so; it is done, but says that it is not. */
export type Fate = "done" | "lost" | "unconfirmed";

/** A Keyv adapter on a Map, one command per key, whose writes a test decides on. */
export class FaultyAdapter extends EventEmitter {
  readonly opts = {};
  readonly records: Map<string, string>;
  /** Asked before every write. */
  fate: () => Fate = () => "done";
  reads = 0;
  writes = 0;
  /** Characters that were written, and read. */
  written = 0;
  read = 0;

  constructor(records: Map<string, string> = new Map()) {
    super();
    this.records = records;
  }

  async get(key: string): Promise<string | undefined> {
    this.reads++;
    const value = this.records.get(key);
    this.read += value?.length ?? 0;
    return value;
  }

  async set(key: string, value: string): Promise<void> {
    this.written += value.length;
    this.#write(() => this.records.set(key, value));
  }

  async delete(key: string): Promise<boolean> {
    return this.#write(() => this.records.delete(key)) === true;
  }

  async clear(): Promise<void> {
    this.records.clear();
  }

  #write(write: () => unknown): unknown {
    this.writes++;
    const fate = this.fate();
    const result = fate === "lost" ? undefined : write();
    if (fate !== "done") throw new Error("the write failed");
    return result;
  }
}
