export { type Budget, characters, charactersOf, lastMessages, tokens } from "./budgets.ts";
export { fit, type Fitted } from "./fit.ts";
