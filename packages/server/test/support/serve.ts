import { fakeOpenAI, type FakeOpenAI } from "@parlor/testkit/openai";
import { onTestFinished } from "vitest";
import { readConfig } from "../../src/config/read-config.ts";
import { createLogger } from "../../src/log/create-logger.ts";
import { startServer, type RunningServer } from "../../src/start-server.ts";

/** A fake OpenAI for one test, and the variables of a server that asks it. */
export async function fakeModel(): Promise<{ fake: FakeOpenAI; variables: Record<string, string> }> {
  const fake = await fakeOpenAI();
  onTestFinished(fake.close);
  return { fake, variables: { PORT: "0", OPENAI_API_KEY: "key", OPENAI_BASE_URL: fake.url } };
}

/** A server in this process, for one test. */
export async function serve(variables: Record<string, string>): Promise<RunningServer> {
  const result = readConfig({ SQLITE_PATH: ":memory:", ...variables });
  if ("faults" in result) throw new Error(result.faults.join("\n"));
  const server = await startServer(result.config, createLogger({ level: "silent" }, false));
  onTestFinished(() => server.close({ drainMs: 0 }));
  return server;
}
