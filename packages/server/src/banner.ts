import type { Config } from "./config/read-config.ts";
import { describeAccess } from "./load-access.ts";
import { describeStorage } from "./load-storage.ts";
import type { RunningServer } from "./start-server.ts";
import { version } from "./version.ts";

interface Start {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** What the server chose and how to ask it something; the lines work when pasted into a shell. */
export function banner({ config, warnings }: Start, { url, engine, created }: RunningServer): string {
  const { provider, model } = engine.info;
  const demo =
    config.model.kind === "demo"
      ? " (a toy that can only introduce itself; OPENAI_API_KEY or MODEL_PATH gives a real one)"
      : "";
  const { anonymous, admin } = config.access;
  const exposed = anonymous === "shared" && ["0.0.0.0", "::"].includes(config.listen.host);
  const credential = anonymous === "refused" ? ' -H "authorization: Bearer $TOKEN"' : "";
  return [
    `parlor ${version}`,
    `  model    ${model} by ${provider}${demo}`,
    ...(engine.models.list().length > 1
      ? [
          `  models   ${engine.models
            .list()
            .map(({ tag }) => tag)
            .join(", ")}`,
        ]
      : []),
    `  storage  ${describeStorage(config.storage)}`,
    `  access   ${describeAccess(config.access, url)}`,
    ...(exposed ? ["           it listens on every interface of this machine, and nothing asks for credentials"] : []),
    `  admin    ${adminLine(created)}`,
    ...(admin.secret === undefined ? ["  note     SECRET_KEY is not set: admin logins end with this process"] : []),
    ...warnings.map((warning) => `  note     ${warning}`),
    "",
    `  ${url}/api/v1/chat    ${url}/docs    ${url}/health`,
    "",
    "Try it:",
    `  curl -N "${url}/api/v1/chat/stream?message=Hello&session_id=demo"${credential}`,
    `  curl ${url}/api/v1/chat${credential} -H "content-type: application/json" -d '{"message":"Hello","session_id":"demo"}'`,
    "",
  ].join("\n");
}

/** A password that was made now is shown here and nowhere else. */
function adminLine(created: RunningServer["created"]): string {
  if (!created) return "POST /admin/login, with the name and password of before";
  return `${created.username}, password ${created.password} (shown this once; POST /admin/login)`;
}
