import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

interface Source {
  readonly type: string;
  /** The file in the package it comes from; undefined: our own. */
  readonly from?: string;
}

const script = "text/javascript; charset=utf-8";
const style = "text/css; charset=utf-8";
const plain = "text/plain; charset=utf-8";

/** Everything that is served, by name. */
export const sources: { readonly [name: string]: Source } = {
  "page.css": { type: style },
  "docs.js": { type: script },
  "swagger-ui.css": { type: style, from: "swagger-ui-dist/swagger-ui.css" },
  "swagger-ui-bundle.js": { type: script, from: "swagger-ui-dist/swagger-ui-bundle.js" },
  "swagger-ui-bundle.js.LICENSE.txt": { type: plain, from: "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt" },
  "swagger-ui.LICENSE.txt": { type: plain, from: "swagger-ui-dist/LICENSE" },
  "swagger-ui.NOTICE.txt": { type: plain, from: "swagger-ui-dist/NOTICE" },
  "redoc.js": { type: script },
  "redoc.standalone.js": { type: script, from: "redoc/bundles/redoc.standalone.js" },
  "redoc.standalone.js.LICENSE.txt": { type: plain, from: "redoc/bundles/redoc.standalone.js.LICENSE.txt" },
  "redoc.LICENSE.txt": { type: plain, from: "redoc/LICENSE" },
};

/** ReDoc shows it at the foot of its menu, and fetches it from there. */
export const foreignLogo = "https://cdn.redoc.ly/redoc/logo-mini.svg";

const require = createRequire(import.meta.url);

/** Where a file of `sources` lies: copied beside this one where the package was built, else where it comes from. */
export function pathOf(name: string, { from }: Source): string {
  const copied = fileURLToPath(new URL(`./files/${name}`, import.meta.url));
  if (existsSync(copied)) return copied;
  return from === undefined ? fileURLToPath(new URL(`../browser/${name}`, import.meta.url)) : require.resolve(from);
}
