import { ChatError } from "@parlor/core";
import { fromTransport, nodeFetch, retryAfterOf, startOf, type Answer } from "@parlor/wire";
import { fromClient, makeRequest, toRefusal } from "./ask.ts";
import { resolveOptions, type OpenAIOptions, type Resolved } from "./options.ts";

/** A list may have so many characters: OpenRouter's has above a million. */
const longest = 8_388_608;

export type ListOptions = Pick<OpenAIOptions, "apiKey" | "baseURL" | "headers" | "connectMs" | "client">;

/**
 * The names of the models that a service has, in its own order: of OpenAI, or of the service at `baseURL`. `signal`: default, one that
 * ends after 10 s. Throws a TypeError for options that cannot work, else ChatErrors; nothing is tried again.
 */
export async function listModels(
  options: ListOptions = {},
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<readonly string[]> {
  const resolved = resolveOptions({ ...options, model: "none" });
  const { name, connectMs } = resolved;
  const { fetch, close } = nodeFetch(connectMs);
  try {
    const answer = options.client
      ? await through(options.client, name, signal)
      : await directly(resolved, fetch, signal);
    return namesIn(name, await startOf(answer, longest));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ChatError("backend_timeout", `${name} had not listed its models when the call was ended.`);
  } finally {
    close();
  }
}

async function through(
  client: NonNullable<OpenAIOptions["client"]>,
  name: string,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return await client.get("/models", { signal, maxRetries: 0 }).asResponse();
  } catch (error) {
    throw fromClient(name, error, {});
  }
}

async function directly(
  options: Resolved,
  fetch: ReturnType<typeof nodeFetch>["fetch"],
  signal: AbortSignal,
): Promise<Answer> {
  const { name } = options;
  const { url, headers } = await makeRequest(options, "get", "/models");
  let answer: Answer;
  try {
    answer = await fetch(url, { method: "GET", headers, signal, redirect: "manual" });
  } catch (error) {
    throw fromTransport(name, error);
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return answer;
  const retryAfterMs = retryAfterOf(answer.headers, Date.now());
  throw toRefusal(name, { status, text: await startOf(answer), body: {}, retryAfterMs });
}

function namesIn(name: string, text: string): readonly string[] {
  try {
    const { data } = JSON.parse(text) as { readonly data: readonly { readonly id: unknown }[] };
    return data.map(({ id }) => {
      if (typeof id !== "string") throw new TypeError("A model without a name");
      return id;
    });
  } catch {
    throw new ChatError(
      "upstream_invalid",
      `${name} answered something that is no list of models. Check the base URL.`,
    );
  }
}
