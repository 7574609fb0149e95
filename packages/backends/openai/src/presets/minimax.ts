import type { ModelBackend, ModelSettings } from "@parlor/core";
import { createBackend } from "../backend.ts";
import { effortOf, nearest } from "../effort.ts";
import { hosts } from "../hosts.ts";
import { allBut, type Fields, type Service } from "../service.ts";
import type { OpenAIOptions } from "../options.ts";

/** M1 and Text-01 came before the OpenAI protocol and have a path of their own. */
const isOld = (model: string): boolean => /^(minimax-(m1|text)|abab)/i.test(model);
const sees = (model: string): boolean => /^minimax-(m[3-9]|vl|text-01)/i.test(model);

function serviceOf(model: string): Service {
  return {
    name: "minimax",
    kind: "cloud",
    baseURL: "https://api.minimax.io/v1",
    key: { variables: ["MINIMAX_API_KEY"], host: hosts.minimax, required: true },
    capabilities: allBut("files", "structured-output", ...(sees(model) ? [] : (["images"] as const))),
    audio: false,
    maxTokens: "max_tokens",
    path: () => (isOld(model) ? "/text/chatcompletion_v2" : "/chat/completions"),
    fields: toFields,
    adjust: intoRange,
    returnReasoning: "reasoning_details",
  };
}

/** Without `reasoning_split` thoughts come in the content, between tags. M2 cannot be kept from thinking; M3.1 Flash knows steps. */
function toFields(settings: ModelSettings, model: string): Fields {
  if (isOld(model)) return {};
  const split = { reasoning_split: true };
  const effort = effortOf(settings);
  if (/^minimax-m3\.1-flash/i.test(model)) {
    return effort === undefined
      ? split
      : { ...split, reasoning_effort: nearest(effort, ["low", "medium", "high", "max"]) };
  }
  if (!/^minimax-m3/i.test(model)) return split;
  if (effort === "none") return { ...split, thinking: { type: "disabled" } };
  return settings.thinking === true || effort !== undefined ? { ...split, thinking: { type: "adaptive" } } : split;
}

/** A temperature is above 0 and at most 1; others are refused. */
function intoRange(settings: ModelSettings): ModelSettings {
  const { temperature } = settings;
  return temperature === undefined ? settings : { ...settings, temperature: Math.min(Math.max(temperature, 0.01), 1) };
}

/**
 * A model of MiniMax (platform.minimax.io/docs): M3, M2 and the older M1. The key is MINIMAX_API_KEY where none is given; accounts of
 * mainland China ask at `https://api.minimaxi.com/v1`. Temperatures go to the nearest that MiniMax takes: above 0, at most 1.
 */
export function minimax(options: OpenAIOptions): ModelBackend {
  return createBackend(options, serviceOf(options.model));
}
