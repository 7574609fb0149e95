import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { foreignLogo, pathOf, sources } from "./files.ts";
import { type DocsPage, type PageLinks, redoc, swagger } from "./pages.ts";

export type { DocsPage, PageLinks };

export interface DocsFile {
  readonly type: string;
  /** Quoted, as it stands in the header. */
  readonly etag: string;
  readonly bytes: Uint8Array;
}

/** For the option `docs` of `parlor()` and `createHandler()`. */
export interface DocsUi {
  page(name: "docs" | "redoc", links: PageLinks): DocsPage;
  /** Undefined: there is no such file. */
  file(name: string): Promise<DocsFile | undefined>;
}

/**
 * Swagger UI and ReDoc, whole: `parlor(engine, { auth, docs: docsUi() })`. Reads its files with `node:fs` when they are first asked
 * for, 3 MB in all, and keeps them. A bundler must leave this package out of its bundle.
 */
export function docsUi(): DocsUi {
  const pages = { docs: swagger, redoc };
  const files = new Map<string, Promise<DocsFile>>();
  return {
    page: (name, links) => pages[name](links),
    async file(name) {
      if (!Object.hasOwn(sources, name)) return undefined;
      let file = files.get(name);
      if (!file) files.set(name, (file = read(name)));
      return file;
    },
  };
}

async function read(name: string): Promise<DocsFile> {
  const source = sources[name]!;
  let bytes: Uint8Array = await readFile(pathOf(name, source));
  if (name === "redoc.standalone.js") {
    // ReDoc hides an image that cannot be shown.
    bytes = Buffer.from(Buffer.from(bytes).toString("utf8").replaceAll(foreignLogo, "data:,"));
  }
  const hash = createHash("sha256").update(bytes).digest("base64url");
  return { type: source.type, etag: `"${hash}"`, bytes };
}
