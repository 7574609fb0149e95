import type { Storage } from "@parlor/core";

/** What is wrong with a storage, and a case that has to notice. */
export interface Defect {
  readonly name: string;
  readonly breaks: (storage: Storage) => Partial<Storage>;
  readonly noticedBy: string;
}

/** The same part with some methods of its own. */
export function replace<P extends object>(part: P, methods: Partial<P>): P {
  return new Proxy(part, {
    get(target, name) {
      const own: unknown = Reflect.get(methods, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Lets others run in between, as a round trip to a server does. */
export const roundTrip = () => new Promise<void>((resolve) => setImmediate(resolve));
