/** The client's own, if it is fit for headers and logs; else a new one. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && /^[A-Za-z0-9._-]{1,128}$/.test(header) ? header : crypto.randomUUID();
}
