export { type Grant, Limiter } from "./limiter.ts";
