import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Why the tests that need a browser cannot run; undefined: they can. */
export const noBrowser = existsSync(executablePath)
  ? undefined
  : `there is no ${executablePath}; install Debian's chromium, or name one in CHROMIUM`;

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
