export { type Budget, characters, charactersOf, lastMessages, tokens } from "./budgets.ts";
export { fit, type Fitted } from "./fit.ts";
export { mediaTokens, roughTokens } from "./media-tokens.ts";
