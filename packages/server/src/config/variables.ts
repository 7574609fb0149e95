import { z } from "zod";
import { accessVariables } from "./access.ts";
import { limitVariables } from "./limits.ts";
import { modelVariables } from "./model.ts";
import { serverVariables } from "./server.ts";
import { storageVariables } from "./storage.ts";

/** Every variable the server reads; others are ignored. */
export const variables = z
  .object({ ...modelVariables, ...serverVariables, ...limitVariables, ...storageVariables, ...accessVariables })
  .partial();

export type Variables = z.output<typeof variables>;
