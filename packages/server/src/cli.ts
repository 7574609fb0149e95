#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { parseArgs, parseEnv } from "node:util";
import { ChatError } from "@parlor/core";
import type { Logger } from "pino";
import { banner } from "./banner.ts";
import { modelTypes } from "./config/model.ts";
import { readConfig } from "./config/read-config.ts";
import { createLogger } from "./log/create-logger.ts";
import { describeError } from "./log/describe-error.ts";
import { StartError } from "./start-error.ts";
import { startServer, type RunningServer } from "./start-server.ts";
import { version } from "./version.ts";

const help = `parlor ${version}: a chat server in one command

Usage: parlor [--help] [--version]

It is configured by environment variables, and by a .env file in the folder where it starts; the environment wins.
Without any it serves a toy model on http://127.0.0.1:8000, open to everybody who reaches it.

  OPENAI_API_KEY   asks OpenAI, ANTHROPIC_API_KEY Anthropic, GOOGLE_API_KEY Google; MODEL_NAME says which model
  MODEL_PATH       loads a GGUF file into this process; MODEL_URI fetches one first
  MODEL_TYPE       ${modelTypes.join(", ")}
  DATABASE_URL     keeps conversations in PostgreSQL, REDIS_URL in Redis; else SQLite does, in parlor.db
  API_KEY          asks for it as a bearer token; JWT_SECRET, JWKS_URL and AUTH_SERVICE_URL are other ways to know people
  SECRET_KEY       signs the tokens of admins, who log in at POST /admin/login
  HOST, PORT       where to listen
  LOG_LEVEL        trace, debug, info, warn, error, fatal or silent
`;

/** npm passes on a Ctrl-C that the terminal has already sent to all of us: so soon after the first, it is the same one. */
const sameSignalMs = 250;

await main();

async function main(): Promise<void> {
  const options = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.help) return void process.stdout.write(help);
    if (values.version) return void process.stdout.write(`${version}\n`);
    const result = readConfig({ ...readDotEnv(), ...process.env });
    if ("faults" in result) throw new StartError(result.faults.join("\n"));
    const logger = createLogger(result.config.log, process.stdout.isTTY);
    endOnCrash(logger);
    const server = await startServer(result.config, logger);
    endOnSignal(server, logger);
    process.stdout.write(banner(result, server));
  } catch (error) {
    process.stderr.write(`${sentencesOf(error).replace(/^/gm, "parlor: ")}\n`);
    process.exit(1);
  }
}

function readDotEnv(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(".env", "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new StartError(".env cannot be read", { cause: error });
  }
}

function sentencesOf(error: unknown): string {
  if (error instanceof StartError || ChatError.isInstance(error)) return error.message;
  if (String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS"))
    return "unknown argument; see parlor --help";
  return `cannot start: ${JSON.stringify(describeError(error))}`;
}

function endOnCrash(logger: Logger): void {
  process.on("uncaughtException", (error, origin) => {
    logger.fatal({ origin, err: error }, "crashed");
    process.exit(1);
  });
}

function endOnSignal(server: RunningServer, logger: Logger): void {
  let since: number | undefined;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (since !== undefined) {
        if (performance.now() - since > sameSignalMs) process.exit(128 + constants.signals[signal]);
        return;
      }
      since = performance.now();
      logger.info({ signal }, "shutting down");
      void server.close().then(() => process.exit(0));
    });
  }
}
