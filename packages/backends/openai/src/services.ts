import { effortFor } from "./effort.ts";
import { hosts } from "./hosts.ts";
import { allBut, type Service } from "./service.ts";

/** OpenAI's own. */
export const openaiService: Service = {
  name: "openai",
  kind: "cloud",
  baseURL: "https://api.openai.com/v1",
  key: { variables: ["OPENAI_API_KEY"], host: hosts.openai, required: true },
  capabilities: allBut(),
  maxTokens: "max_completion_tokens",
  fields: (settings, model) => {
    const effort = effortFor(model, settings);
    return effort === undefined ? {} : { reasoning_effort: effort };
  },
};

/** Any other that speaks the protocol, of which nothing more is known. */
export const compatibleService: Service = {
  name: "openai_compatible",
  kind: "cloud",
  baseURL: "",
  capabilities: allBut(),
  maxTokens: "max_tokens",
  fields: ({ effort }) => (effort === undefined ? {} : { reasoning_effort: effort }),
};
