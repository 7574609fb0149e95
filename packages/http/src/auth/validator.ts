import { ChatError } from "@parlor/core";

interface ValidatorOptions {
  readonly url: URL;
  readonly internalKey: string;
  readonly timeoutMs: number;
}

/** What the service says of a token; undefined: it is not good. */
export type Validate = (token: string) => Promise<Readonly<Record<string, unknown>> | undefined>;

const refusals = new Set([400, 401, 403, 422]);
/** Calls at once: made-up tokens shall not bring the service down. */
const mostCalls = 64;
const mostBytes = 65_536;

/** Asks the service that knows. Throws `auth_unavailable` for all but a clear answer. */
export function createValidator({ url, internalKey, timeoutMs }: ValidatorOptions): Validate {
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new TypeError("remote: `url` is an http(s) address without credentials");
  }
  // Where it could not be sent, the error of fetch would show it.
  if (!/^[\x21-\x7e]{1,4096}$/.test(internalKey)) throw new TypeError("remote: `internalKey` is printable ASCII");
  const address = new URL(`${url.pathname.replace(/\/$/, "")}/auth/validate`, url);
  let calls = 0;

  async function ask(token: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", "x-internal-api-key": internalKey },
      body: JSON.stringify({ token }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      if (refusals.has(response.status)) return undefined;
      throw new Error(`status ${response.status}`);
    }
    const answer: unknown = JSON.parse(await read(response));
    if (typeof answer !== "object" || answer === null) throw new Error("no object");
    const fields = answer as Readonly<Record<string, unknown>>;
    return fields["valid"] === false ? undefined : fields;
  }

  return async (token) => {
    if (calls >= mostCalls) throw unavailable("The service that checks credentials is asked too much at once.");
    calls += 1;
    try {
      return await ask(token);
    } catch (cause) {
      throw unavailable("The service that checks credentials did not answer. Try again in a moment.", cause);
    } finally {
      calls -= 1;
    }
  };
}

const unavailable = (detail: string, cause?: unknown) =>
  new ChatError("auth_unavailable", detail, { retryAfterMs: 1_000, cause });

async function read(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  let text = "";
  // Leaving the loop early cancels the rest.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new Error("too long");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
