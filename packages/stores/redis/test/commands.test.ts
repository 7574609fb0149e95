import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { canStartServers, servers } from "./support/server.ts";

const source = new URL("../src/", import.meta.url);

/** Every command that a script or a client call names. */
function commands(): string[] {
  const found = new Set<string>();
  for (const file of readdirSync(source)) {
    const text = readFileSync(new URL(file, source), "utf8");
    for (const [, name = ""] of text.matchAll(/redis\.p?call\('(\w+)'/g)) found.add(name);
    for (const [, name = ""] of text.matchAll(/\.command(?:<[^(]*>)?\(\s*[^,]+,\s*"(\w+)"/g)) found.add(name);
    for (const [, name = ""] of text.matchAll(/\["([A-Z]{4,})"/g)) found.add(name);
  }
  return [...found];
}

describe.skipIf(!canStartServers)("commands", () => {
  const start = servers();

  it("are none that Redis 6.2 does not have", async () => {
    const names = commands();
    // Of scripts, of client calls and of what every connection begins with.
    expect(names).toEqual(expect.arrayContaining(["XADD", "ZRANGEBYSCORE", "HINCRBY", "PUBLISH", "EVALSHA", "INFO"]));
    const server = await start();
    const docs = (await server.command("COMMAND", "DOCS", ...names)) as (string | string[])[];
    const newer: string[] = [];
    for (let at = 0; at < docs.length; at += 2) {
      const about = docs[at + 1] as string[];
      const since = about[about.indexOf("since") + 1] ?? "";
      const [major = 99, minor = 99] = since.split(".").map(Number);
      if (major > 6 || (major === 6 && minor > 2)) newer.push(`${String(docs[at])} since ${since}`);
    }
    expect(docs.length, "the server knows all of them").toBe(2 * names.length);
    expect(newer).toEqual([]);
  });
});
