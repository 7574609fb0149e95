export { type Grant, Limiter } from "./limiter.ts";
export { LimitsWithStandIn } from "./stand-in.ts";
export { takeRequest } from "./windows.ts";
