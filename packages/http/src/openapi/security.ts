import type { Authenticate, SecurityScheme } from "../auth/principal.ts";
import type { Access } from "../route.ts";

/** How requests say who asks. */
export interface Security {
  readonly schemes: { readonly [name: string]: SecurityScheme };
  /** `user` routes take requests without credentials, too. */
  readonly open: boolean;
}

type Requirement = { readonly [scheme: string]: readonly string[] };

const bearer: SecurityScheme = { type: "http", scheme: "bearer" };

export function securityOf(options: {
  readonly auth?: Authenticate<never> | readonly Authenticate<never>[];
  readonly access?: "public";
}): Security {
  const methods = typeof options.auth === "function" ? [options.auth] : (options.auth ?? []);
  const schemes = methods.map(({ scheme = bearer }) => [nameOf(scheme), scheme] as const);
  return { schemes: Object.fromEntries(schemes), open: options.access === "public" };
}

/** What one of a route's callers must send: any of these, or nothing where the list is empty. */
export function requirementsOf(access: Access, { schemes, open }: Security): readonly Requirement[] {
  if (access === "public") return [];
  const named = Object.keys(schemes).map((name) => ({ [name]: [] }));
  return open && access === "user" && named.length > 0 ? [{}, ...named] : named;
}

const nameOf = (scheme: SecurityScheme): string => (scheme.type === "http" ? scheme.scheme : scheme.name);
