export { demoText, makeTinyGguf, type TinyGgufOptions } from "./make-tiny-gguf.ts";
export { writeTinyGguf } from "./write-tiny-gguf.ts";
