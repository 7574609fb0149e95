export { measures, type Measure } from "./measures.ts";
export { type Figures, type Plan, type Round, runRounds, type ServerName, serverNames } from "./rounds.ts";
