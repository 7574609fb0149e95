import type { OpenAIOptions } from "../options.ts";

/** Options of a service that is known by its own name. */
export type PresetOptions = Omit<OpenAIOptions, "name">;
