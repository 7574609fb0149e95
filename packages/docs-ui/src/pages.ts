/** What a page links to: paths on this server, or whole URLs. */
export interface PageLinks {
  readonly title: string;
  /** The OpenAPI document. */
  readonly description: string;
  /** The folder of the files. */
  readonly files: string;
}

export interface DocsPage {
  readonly html: string;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

/** No script and no style but the files, and nothing from another host. */
function policyOf(styles: readonly string[], further: readonly string[] = []): string {
  const rules = [
    "default-src 'none'",
    "script-src 'self'",
    ["style-src 'self'", ...styles].join(" "),
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return [...rules, ...further].join("; ");
}

/** ReDoc puts two styles into its page: one of a scroll bar, and an empty one that it fills by script. */
const redocStyles = [
  "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
  "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
];

export const swagger = (links: PageLinks): DocsPage => ({
  html: toHtml(links, ["swagger-ui.css", "page.css"], ["swagger-ui-bundle.js", "docs.js"]),
  policy: policyOf([]),
});

export const redoc = (links: PageLinks): DocsPage => ({
  html: toHtml(links, ["page.css"], ["redoc.standalone.js", "redoc.js"]),
  // Its search runs in a worker that it makes of itself.
  policy: policyOf(redocStyles, ["worker-src blob:"]),
});

function toHtml(
  { title, description, files }: PageLinks,
  styles: readonly string[],
  scripts: readonly string[],
): string {
  const at = (name: string) => escape(`${files}/${name}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
${styles.map((name) => `<link rel="stylesheet" href="${at(name)}">`).join("\n")}
</head>
<body>
<div id="docs" data-description="${escape(description)}"></div>
${scripts.map((name) => `<script src="${at(name)}"></script>`).join("\n")}
</body>
</html>
`;
}

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
