export { toHttpRequest, type FetchContext } from "./request.ts";
export { respond, toFetch, toResponse } from "./respond.ts";
