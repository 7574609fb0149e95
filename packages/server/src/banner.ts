import type { Config } from "./config/read-config.ts";
import { describeStorage } from "./load-storage.ts";
import type { RunningServer } from "./start-server.ts";
import { version } from "./version.ts";

interface Start {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** What the server chose and how to ask it something; the lines work when pasted into a shell. */
export function banner({ config, warnings }: Start, { url, engine }: RunningServer): string {
  const { provider, model } = engine.info;
  const demo =
    config.model.kind === "demo"
      ? " (a toy that can only introduce itself; OPENAI_API_KEY or MODEL_PATH gives a real one)"
      : "";
  const everywhere = ["0.0.0.0", "::"].includes(config.listen.host);
  return [
    `parlor ${version}`,
    `  model    ${model} by ${provider}${demo}`,
    `  storage  ${describeStorage(config.storage)}`,
    `  access   open: everybody who reaches ${url} shares one owner, "anonymous"`,
    ...(everywhere
      ? ["           it listens on every interface of this machine, and nothing asks for credentials"]
      : []),
    ...warnings.map((warning) => `  note     ${warning}`),
    "",
    `  ${url}/api/v1/chat    ${url}/docs    ${url}/health`,
    "",
    "Try it:",
    `  curl -N "${url}/api/v1/chat/stream?message=Hello&session_id=demo"`,
    `  curl ${url}/api/v1/chat -H "content-type: application/json" -d '{"message":"Hello","session_id":"demo"}'`,
    "",
  ].join("\n");
}
