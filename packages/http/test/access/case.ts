/** What one route answers to three people about the session `s1`, which is ada's: nobody, a user and an admin. */
export interface AccessCase {
  /** With its parameters filled in; default: the route's own with `s1` for each. */
  readonly path?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly nobody: number;
  readonly user: number;
  readonly admin: number;
  /** What ada gets, to show that the request is a good one. */
  readonly owner: number;
}

/** By method and path: `GET /sessions`. */
export type AccessCases = { readonly [route: string]: AccessCase };

type Request = Pick<AccessCase, "path" | "query" | "body">;

/** Public: everybody gets the same. */
export function open(request: Request = {}, status = 200): AccessCase {
  return { ...request, nobody: status, user: status, admin: status, owner: status };
}

/** For users: strangers, admins among them, get what they would get if ada had no session. */
export function own(stranger: number, request: Request = {}, owner = 200): AccessCase {
  return { ...request, nobody: 401, user: stranger, admin: stranger, owner };
}

export function forAdmins(request: Request = {}, admin = 200): AccessCase {
  return { ...request, nobody: 401, user: 403, admin, owner: 403 };
}
