/** Express 4 under its alias; the types of 5 hold for what the tests use. */
declare module "express4" {
  export { default } from "express";
}
