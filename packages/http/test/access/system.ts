import { type AccessCases, open } from "./case.ts";

export const system: AccessCases = {
  "GET /": open(),
  "GET /health": open(),
  "GET /status": open(),
  "GET /info": open(),
  "GET /openapi.json": open(),
};
