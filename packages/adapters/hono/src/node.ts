export { attach } from "@parlor/http/node";
