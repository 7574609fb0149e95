/** The mount path, with a slash at the end: this file lies one level below it. */
const base = new URL("../", import.meta.url);
const tokenKey = `parlor-token ${base.pathname}`;
const longestWaitMs = 10_000;
const mostAttempts = 8;

/** What went wrong, as a sentence for people; status 0: the server could not be reached. */
export class Problem extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/** Kept as long as this tab. */
export const token = {
  get: () => sessionStorage.getItem(tokenKey),
  set: (value) => sessionStorage.setItem(tokenKey, value),
  forget: () => sessionStorage.removeItem(tokenKey),
};

/** Asks for a path below /api/conversations. Rejects with a `Problem`, or an AbortError. */
export async function ask(method, path, { body, headers, signal } = {}) {
  const known = token.get();
  const response = await fetch(new URL(`api/conversations${path}`, base), {
    method,
    headers: {
      ...(known && { authorization: `Bearer ${known}` }),
      ...(body && { "content-type": "application/json" }),
      ...headers,
    },
    body: body && JSON.stringify(body),
    signal,
  }).catch((error) => {
    throw signal?.aborted ? error : new Problem(0, "The server cannot be reached.");
  });
  if (response.ok) return response;
  const { detail } = await response.json().catch(() => ({}));
  throw new Problem(response.status, detail ?? `The server answered ${response.status}.`);
}

/**
 * The frames of an answer: `{ token }`, `{ reasoning }`, `{ error }`. When the connection breaks off it goes on behind the last frame
 * it has seen, so that nothing is lost and nothing comes twice. Rejects with a `Problem` when the rest cannot be had.
 */
export async function* follow(path, response, signal) {
  let cursor;
  let failures = 0;
  while (response.status !== 204) {
    const events = eventsOf(response.body, signal);
    for (;;) {
      // A break is an end that comes too early.
      const { value: event } = await events.next().catch(() => ({}));
      signal.throwIfAborted();
      if (!event) break;
      cursor = event.id ?? cursor;
      if (event.data?.done) return;
      if (event.data) {
        failures = 0;
        yield event.data;
      }
    }
    if (cursor === undefined) throw new Problem(0, "The connection was lost.");
    for (let missing = true; missing;) {
      await pause(failures++);
      try {
        response = await ask("GET", path, { headers: { "last-event-id": cursor }, signal });
        missing = false;
      } catch (error) {
        const passing = error.status === 0 || error.status === 429 || error.status >= 502;
        if (!passing || failures > mostAttempts) throw error;
      }
    }
  }
}

/** Longer each time, and not the same for all who were cut off together. */
function pause(failures) {
  const waitMs = failures === 0 ? 0 : Math.min(500 * 2 ** failures, longestWaitMs) * (0.5 + Math.random() / 2);
  return new Promise((resolve) => setTimeout(resolve, waitMs));
}

/** Server-sent events with their ids, as these streams use them: one line of data each. */
async function* eventsOf(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  signal.addEventListener("abort", () => reader.cancel());
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      // Not by a pattern: to `.` and `$`, U+2028 within a text ends a line.
      const lines = block.split("\n");
      const field = (name) => lines.find((line) => line.startsWith(name))?.slice(name.length);
      const data = field("data: ");
      yield { id: field("id: "), data: data && JSON.parse(data) };
    }
  }
}
