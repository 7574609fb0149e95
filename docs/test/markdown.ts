import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = new URL("../../", import.meta.url);

export interface Block {
  /** `README.md:34` */
  readonly at: string;
  /** What stands after the fence: `ts`, `sh curl` … */
  readonly language: string;
  readonly code: string;
}

/** The README, the other pages beside it and in docs/, and the README of every package, also of one that is new. */
export function pages(): readonly string[] {
  return globSync(["*.md", "{docs,packages,examples}/**/*.md"], {
    cwd: fileURLToPath(root),
    exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path),
  }).toSorted();
}

/** Every fenced block of those pages. */
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
