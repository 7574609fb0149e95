import type { Database } from "./database.ts";

const batch = 100;

/** Erases what has run out, in small batches, now and then. Several nodes may do so at once: each takes what no other has. */
export function startSweeper(database: Database): () => void {
  const { sweepMs, ttlMs } = database.settings;
  let sweeping = false;
  let stopped = false;

  const all = async (name: string, values: { readonly [name: string]: number }, done: (count: number) => boolean) => {
    while (!stopped) {
      const [row] = await database.call<{ [name: string]: number }>(name, values);
      if (done(row?.[name] ?? 0)) return;
    }
  };
  const sweep = async () => {
    await all("sweep", { limit: batch }, (count) => count < batch);
    if (ttlMs !== Infinity) await all("expire_sessions", { ttl_ms: ttlMs, limit: batch }, (count) => count === 0);
  };
  const timer = setInterval(() => {
    if (sweeping) return;
    sweeping = true;
    // What fails is done the next time; who uses the store hears of its failures from their own calls.
    sweep()
      .catch(() => {})
      .finally(() => {
        sweeping = false;
      });
  }, sweepMs).unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
