import { readFileSync } from "node:fs";
import { createChatEngine } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { expect, test } from "vitest";
import { createService } from "../src/service.ts";
import { routesOf } from "../src/surfaces/routes.ts";

test("docs/http.md has an entry for every route, and no other", () => {
  const page = readFileSync(new URL("../../../docs/http.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^(?:### |\| )`([A-Z]+ \/\S*)`/gm)].map(([, entry = ""]) => entry);
  const service = createService(createChatEngine({ backend: scriptedBackend([]) }), {});
  const built = routesOf(service).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(documented)).toEqual(new Set(built));
  expect(documented).toHaveLength(built.length);
});
