export { type Grant, Limiter } from "./limiter.ts";
export { LimitsWithStandIn } from "./stand-in.ts";
export { noPlaceLeft, takeRequest } from "./windows.ts";
