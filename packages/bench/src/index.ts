export { measures, type Measure } from "./measures.ts";
export { type StoreFigures, type StorePlan, runStores } from "./stores/run.ts";
export { type SubjectName, subjectNames } from "./stores/subjects.ts";
export { type Figures, type Plan, type Round, runRounds, type ServerName, serverNames } from "./rounds.ts";
