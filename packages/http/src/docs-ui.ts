import type { MaybePromise } from "./maybe-promise.ts";

/** The pages that show the API's description, and the files these load: `docsUi()` of @parlor/docs-ui is one. */
export interface DocsUi {
  page(name: "docs" | "redoc", links: PageLinks): WebPage;
  /** Undefined: there is no such file. */
  file(name: string): MaybePromise<WebFile | undefined>;
}

/** A page at the mount path, for browsers, and the files it loads. */
export interface RootPage {
  page(links: Omit<PageLinks, "description">): WebPage;
  /** Undefined: there is no such file. */
  file(name: string): MaybePromise<WebFile | undefined>;
}

export interface PageLinks {
  readonly title: string;
  /** Path of the OpenAPI document. */
  readonly description: string;
  /** Path of the files, without a slash at the end. */
  readonly files: string;
}

export interface WebPage {
  readonly html: string;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

export interface WebFile {
  /** Its content type. */
  readonly type: string;
  /** Quoted, as it stands in the header. */
  readonly etag: string;
  readonly bytes: Uint8Array;
}
