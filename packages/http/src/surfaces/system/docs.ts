import { ChatError } from "@parlor/core";
import { z } from "zod";
import type { WebPage } from "../../docs-ui.ts";
import { type OpenApiDocument, toOpenApi } from "../../openapi/document.ts";
import { file, json, page } from "../../reply.ts";
import { type MountedRoute, type ReplyDoc, type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";

const html: ReplyDoc = { type: "text/html", description: "A page for people." };
const files: readonly ReplyDoc[] = [
  { type: "text/javascript", description: "A script, a style sheet, or a licence." },
  { type: "text/css", description: "" },
  { type: "text/plain", description: "" },
  { status: 304 },
];

/** What describes the API: `routes`, these among them. */
export function docs(service: Service, routes: () => readonly MountedRoute[]): readonly Route[] {
  const { name: title, version, security } = service;
  let document: OpenApiDocument | undefined;
  return [
    route("public", "GET", "/openapi.json", {
      summary: "This description of the API",
      reply: {
        schema: z.looseObject({ openapi: z.string() }),
        description: "OpenAPI 3.1, of the groups mounted here.",
      },
      handle(_, { request }) {
        document ??= toOpenApi(routes(), { title, version, security });
        return json(200, document(baseOf(request.prefix)));
      },
    }),
    route("public", "GET", "/docs", {
      summary: "This description in Swagger UI",
      reply: html,
      errors: ["not_found"],
      handle: (_, { request }) => page(docsPage(service, "docs", request.prefix)),
    }),
    route("public", "GET", "/redoc", {
      summary: "This description in ReDoc",
      reply: html,
      errors: ["not_found"],
      handle: (_, { request }) => page(docsPage(service, "redoc", request.prefix)),
    }),
    route("public", "GET", "/docs/{file}", {
      summary: "A file of these pages",
      params: { file: z.string() },
      reply: files,
      errors: ["not_found"],
      async handle({ file: name }, { request }) {
        const found = await service.docs?.file(name);
        if (!found) throw new ChatError("not_found", "The documentation pages have no such file.");
        return file(request, found);
      },
    }),
  ];
}

/** The files of a page that was handed in; without one there is nothing to give. */
export function rootFiles({ rootPage }: Service): readonly Route[] {
  if (rootPage === undefined || rootPage === "docs") return [];
  return [
    route("public", "GET", "/page/{file}", {
      summary: "A file of the page at the root",
      params: { file: z.string() },
      reply: files,
      errors: ["not_found"],
      async handle({ file: name }, { request }) {
        const found = await rootPage.file(name);
        if (!found) throw new ChatError("not_found", "The page at the root has no such file.");
        return file(request, found);
      },
    }),
  ];
}

/** What a browser gets at the mount path; undefined: what everybody gets. */
export function rootPageOf(service: Service, prefix: string): WebPage | undefined {
  const { rootPage, name: title } = service;
  if (rootPage === "docs") return docsPage(service, "docs", prefix);
  return rootPage?.page({ title, files: `${baseOf(prefix)}/page` });
}

function docsPage({ docs: ui, name }: Service, which: "docs" | "redoc", prefix: string): WebPage {
  if (!ui) {
    throw new ChatError(
      "not_found",
      "This page comes with the package @parlor/docs-ui: install it and give `docs: docsUi()` to parlor().",
    );
  }
  const base = baseOf(prefix);
  return ui.page(which, { title: name, description: `${base}/openapi.json`, files: `${base}/docs` });
}

/** The prefix may come from the address: with two slashes first it would name another host. */
const baseOf = (prefix: string) => prefix.replace(/^\/+/, "/");
