import type { ModelBackend } from "../contracts/index.ts";
import { closeAll, healthOf, infoOf } from "./combined.ts";
import { signed } from "./fallback.ts";

/**
 * Spreads calls over backends that can stand for one another (keys, regions, machines): each goes to the one with the fewest running, ties to
 * the one that was asked longest ago. Throws a TypeError without a backend.
 */
export function balance(backends: readonly ModelBackend[]): ModelBackend {
  const [first, ...others] = backends;
  if (!first) throw new TypeError("balance needs at least one backend");
  const places = [first, ...others].map((backend) => ({ backend, running: 0, asked: 0 }));
  let calls = 0;

  return {
    info: infoOf([first, ...others]),
    async *generate(request, signal) {
      const place = places.reduce((best, one) =>
        one.running < best.running || (one.running === best.running && one.asked < best.asked) ? one : best,
      );
      place.running += 1;
      place.asked = calls += 1;
      try {
        for await (const batch of place.backend.generate(request, signal))
          yield batch.map((event) => signed(event, place.backend.info.model));
      } finally {
        place.running -= 1;
      }
    },
    countTokens: (messages) => first.countTokens(messages),
    async health(signal) {
      const health = await healthOf(backends, signal);
      const counted = health.backends?.map((one, index) => ({ ...one, running: places[index]?.running ?? 0 }));
      return { ...health, ...(counted && { backends: counted }) };
    },
    close: () => closeAll(backends),
  };
}
