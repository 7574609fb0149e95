import { pino, type Logger } from "pino";
import { PinoPretty as pretty } from "pino-pretty";
import type { Config } from "../config/read-config.ts";
import { describeError } from "./describe-error.ts";
import { StartError } from "../start-error.ts";

/** Logs to stdout: lines for people on a terminal, JSON elsewhere; and JSON to the log file. Throws `StartError` when that cannot be written. */
export function createLogger({ level, file }: Config["log"], terminal: boolean): Logger {
  const stdout = terminal
    ? pretty({ destination: 1, sync: true, ignore: "pid,hostname", singleLine: true })
    : pino.destination({ dest: 1, sync: true });
  const streams = [stdout, ...(file === undefined ? [] : [openFile(file)])];
  return pino(
    { level, serializers: { err: describeError } },
    pino.multistream(streams.map((stream) => ({ level, stream }))),
  );
}

function openFile(file: string) {
  try {
    return pino.destination({ dest: file, mkdir: true, sync: true });
  } catch (error) {
    throw new StartError(`LOG_FILE: ${file} cannot be written`, { cause: error });
  }
}
