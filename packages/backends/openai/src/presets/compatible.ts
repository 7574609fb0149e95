import type { ModelBackend } from "@parlor/core";
import { createBackend } from "../backend.ts";
import type { OpenAIOptions } from "../options.ts";
import { compatibleService } from "../services.ts";

export interface CompatibleOptions extends OpenAIOptions {
  /** With the `/v1` that most have. */
  readonly baseURL: string;
}

/**
 * A model of any other service that speaks Chat Completions (or, with `api`, Responses). `name` is `openai_compatible` where none is
 * given. No key is sent but one that is given, and none of OpenAI's own settings are assumed. At an address that is known to take no call
 * without a key, one has to be given.
 */
export function openaiCompatible(options: CompatibleOptions): ModelBackend {
  if (options.baseURL === undefined) throw new TypeError("openai_compatible: `baseURL` is missing");
  return createBackend(options, compatibleService);
}
