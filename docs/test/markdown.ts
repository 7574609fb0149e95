import { readdirSync, readFileSync } from "node:fs";

export const root = new URL("../../", import.meta.url);

export interface Block {
  /** `README.md:34` */
  readonly at: string;
  /** What stands after the fence: `ts`, `sh curl` … */
  readonly language: string;
  readonly code: string;
}

function pages(): readonly string[] {
  const inDocs = readdirSync(new URL("docs/", root)).filter((name) => name.endsWith(".md"));
  return ["README.md", "CONTRIBUTING.md", ...inDocs.map((name) => `docs/${name}`)];
}

/** Every fenced block of the README and of the pages in docs/. */
export function blocks(): readonly Block[] {
  return pages().flatMap((page) => {
    const text = readFileSync(new URL(page, root), "utf8");
    return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map((match) => ({
      at: `${page}:${text.slice(0, match.index).split("\n").length}`,
      language: match[1] ?? "",
      code: match[2] ?? "",
    }));
  });
}

/** Every link of those pages into this repository, with the page it stands on. */
export function links(): readonly { readonly page: string; readonly target: string }[] {
  return pages().flatMap((page) => {
    const text = readFileSync(new URL(page, root), "utf8");
    return [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map((match) => ({ page, target: match[1] ?? "" }));
  });
}
