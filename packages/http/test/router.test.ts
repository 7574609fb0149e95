import { expect, test } from "vitest";
import { noContent } from "../src/reply.ts";
import { type Method, route } from "../src/route.ts";
import { createRouter } from "../src/router.ts";

const at = (method: Method, path: string) =>
  ({ ...route("user", method, path, { summary: path, reply: {}, handle: () => noContent() }), group: "v1" }) as const;
const find = createRouter([
  at("GET", "/"),
  at("GET", "/things"),
  at("POST", "/things/new"),
  at("GET", "/things/{id}"),
  at("DELETE", "/things/{id}"),
  at("POST", "/things/{id}/parts/{part}"),
]);
const pathOf = (method: string, path: string) => find(method, path)?.route?.path;

test("finds fixed paths and paths with parameters", () => {
  expect(pathOf("GET", "/")).toBe("/");
  expect(pathOf("GET", "/things")).toBe("/things");
  expect(find("GET", "/things/a%20b")?.params).toEqual({ id: "a b" });
  expect(find("POST", "/things/a/parts/b")?.params).toEqual({ id: "a", part: "b" });
});

test("a slash at the end does not matter, one in the middle does", () => {
  expect(pathOf("GET", "/things/")).toBe("/things");
  expect(pathOf("GET", "/things/a/")).toBe("/things/{id}");
  const others = ["/things//", "/things//a", "/things/a//parts/b", "", "*", "things"];
  expect(others.filter((path) => find("GET", path))).toEqual([]);
});

test("a fixed path hides a parameter only for its own methods", () => {
  expect(pathOf("POST", "/things/new")).toBe("/things/new");
  expect(find("GET", "/things/new")).toMatchObject({ route: { path: "/things/{id}" }, params: { id: "new" } });
});

test("a known path with another method tells which it takes", () => {
  expect(find("PUT", "/things/new")).toMatchObject({
    route: undefined,
    allow: ["POST", "OPTIONS", "GET", "DELETE", "HEAD"],
  });
  expect(find("OPTIONS", "/things")?.allow).toEqual(["GET", "HEAD", "OPTIONS"]);
});

test("HEAD is served by GET", () => {
  expect(pathOf("HEAD", "/things/a")).toBe("/things/{id}");
  expect(find("HEAD", "/things/new")?.params).toEqual({ id: "new" });
});

test("what cannot be decoded stays as it is; parameters poison nothing", () => {
  expect(find("GET", "/things/%zz")?.params).toEqual({ id: "%zz" });
  expect(find("GET", "/things/__proto__")?.params).toEqual({ id: "__proto__" });
  expect(find("GET", "/constructor")).toBeUndefined();
});

test("the same route twice is refused", () => {
  expect(() => createRouter([at("GET", "/a/{x}"), at("GET", "/a/{y}")])).toThrow("Two routes for GET /a/{y}");
});
