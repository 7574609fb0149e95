import { type AccessCases, open } from "./case.ts";

export const system: AccessCases = {
  "GET /": open(),
  "GET /health": open(),
  "GET /status": open(),
  "GET /metrics": open({}, 404),
  "GET /info": open(),
  "GET /openapi.json": open(),
  "GET /docs": open({}, 404),
  "GET /redoc": open({}, 404),
  "GET /docs/{file}": open({}, 404),
};
