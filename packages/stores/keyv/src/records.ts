import Keyv from "keyv";
import { Call, type Source, unavailable } from "./call.ts";
import { together } from "./queue.ts";

/** What the store uses of a Keyv 5. Two copies of that class are not assignable to each other; this is. */
export type AnyKeyv = Pick<
  Keyv,
  "compression" | "deserialize" | "namespace" | "opts" | "serialize" | "store" | "ttl" | "useKeyPrefix"
>;

/** Records by name: JSON text in a Keyv whose failures show. */
export class Records implements Source {
  readonly #keyv: Keyv;
  readonly #timeoutMs: number;
  readonly #onError = () => void this.#errors++;
  #errors = 0;
  #closed = false;
  checked = false;

  constructor(given: AnyKeyv, timeoutMs: number) {
    const { store, namespace, useKeyPrefix, serialize, deserialize, compression } = given;
    if (!given.opts || !store || !("useKeyPrefix" in given)) throw new TypeError("keyv: give it an instance of Keyv 5");
    // A Keyv of our own on the same records: the given one may be shared, take a failed read for an absent value, or add a ttl.
    const options = { store, namespace, useKeyPrefix, serialize, deserialize, compression, throwOnErrors: true };
    this.#keyv = new Keyv(options as ConstructorParameters<typeof Keyv>[0] & object);
    this.#timeoutMs = timeoutMs;
    if (typeof store.on === "function") store.on("error", this.#onError);
  }

  /** One call of the store: rejects with `store_unavailable` when its time is over, whatever hangs. */
  call<T>(work: (call: Call) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(unavailable("closed"));
    return Call.run(this, this.#timeoutMs, work);
  }

  async ping(signal: AbortSignal): Promise<void> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(unavailable(signal.reason));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.call((call) => call.check()), aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  close(): void {
    this.#closed = true;
    const { store } = this.#keyv;
    if (typeof store.off === "function") store.off("error", this.#onError);
  }

  get(names: readonly string[]): Promise<readonly (string | undefined)[]> {
    const { store } = this.#keyv;
    // Without a `getMany` of the adapter, Keyv's takes a failure for an absent value.
    return this.#watched(() =>
      typeof store.getMany === "function"
        ? this.#keyv.getMany<string>([...names])
        : Promise.all(names.map((name) => this.#keyv.get<string>(name))),
    );
  }

  set(entries: readonly (readonly [name: string, text: string])[]): Promise<void> {
    const { store } = this.#keyv;
    return this.#watched(async () => {
      if (typeof store.setMany !== "function") return together(entries.map(([name, text]) => this.#set(name, text)));
      const stored: unknown = await this.#keyv.setMany(entries.map(([key, value]) => ({ key, value })));
      if (Array.isArray(stored) && stored.includes(false)) throw new Error("the Keyv did not store it");
    });
  }

  delete(names: readonly string[]): Promise<void> {
    return this.#watched(async () => void (await this.#keyv.deleteMany([...names])));
  }

  async #set(name: string, text: string): Promise<void> {
    if (!(await this.#keyv.set(name, text))) throw new Error("the Keyv did not store it");
  }

  /** Some adapters report a failure by an event and then say that all is well. */
  async #watched<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#errors;
    const result = await work();
    if (this.#errors > before) throw new Error("the Keyv's adapter reported an error");
    return result;
  }
}
