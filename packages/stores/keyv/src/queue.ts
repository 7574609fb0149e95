/** Work on the same name runs one after the other. */
export class Queue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** What comes next also waits when this fails, until it is really over: a late write must not land on a newer one. */
  run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const result = before.then(work);
    const over = result
      .catch(() => {})
      .then(() => {
        if (this.#last.get(name) === over) this.#last.delete(name);
      });
    this.#last.set(name, over);
    return result;
  }
}

/** Like `Promise.all`, but nothing is still under way when it rejects. */
export async function together(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
