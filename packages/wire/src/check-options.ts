export interface CallOptions {
  readonly headers: { readonly [name: string]: string };
  readonly connectMs: number;
  readonly retries: number;
}

/** Throws a TypeError in the name of `backend` that says what is wrong and never shows a value. */
export function checkCallOptions(backend: string, { headers, connectMs, retries }: CallOptions): void {
  for (const [header, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new TypeError(`${backend}: the header ${JSON.stringify(header)} holds characters that no header may hold`);
    }
  }
  if (!(connectMs > 0)) throw new TypeError(`${backend}: \`connectMs\` must be above 0`);
  if (!Number.isInteger(retries) || retries < 0) throw new TypeError(`${backend}: \`retries\` must be 0, 1, 2 …`);
}

/**
 * The address of a service, without anything that must not be shown. `ofClient`: what a client holds beyond it (credentials, a
 * query) is the client's and is left out; else it is refused.
 */
export function toAddress(backend: string, baseURL: string, ofClient = false): URL {
  const url = URL.parse(baseURL);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new TypeError(`${backend}: \`baseURL\` is not an http(s) address`);
  const extras = url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "";
  if (extras && !ofClient) {
    throw new TypeError(
      `${backend}: \`baseURL\` must not hold credentials, a query or a fragment; a key belongs into \`apiKey\``,
    );
  }
  url.username = url.password = url.search = url.hash = "";
  return url;
}

/** A key that can go into a header; an empty one is none. */
export function toKey(backend: string, key: string | undefined): string | undefined {
  if (key === undefined || key === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new TypeError(`${backend}: \`apiKey\` holds a space, a line break or another character that no key has`);
  }
  return key;
}
