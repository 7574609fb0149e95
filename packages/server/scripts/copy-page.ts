import { cpSync } from "node:fs";

/** Puts the chat page beside the built files. Runs before the package is packed. */
cpSync(new URL("../src/page/", import.meta.url), new URL("../dist/page/", import.meta.url), { recursive: true });
