import { copyFileSync, mkdirSync } from "node:fs";
import { pathOf, sources } from "../src/files.ts";

/** Puts everything that is served into dist, so that the published package depends on nothing. Runs before it is packed. */
const folder = new URL("../dist/files/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, source] of Object.entries(sources)) copyFileSync(pathOf(name, source), new URL(name, folder));
