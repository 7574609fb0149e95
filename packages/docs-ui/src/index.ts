export { docsUi, type DocsFile, type DocsPage, type DocsUi, type PageLinks } from "./docs-ui.ts";
