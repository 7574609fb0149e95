import { expect, test } from "vitest";
import { bearer } from "../../src/index.ts";
import { world } from "../world.ts";

const key = "k".repeat(40);
const auth = bearer({ [`${key}-ada`]: "ada", [`${key}-root`]: { id: "root", name: "Root", admin: true } });

/** The status of a request with these headers and nothing of its own. */
async function status(headers: Record<string, string>, site = world({ auth })): Promise<number | undefined> {
  return (await site.send("GET", "/sessions", headers))?.status;
}

test("knows people by their token, in either header", async () => {
  expect(await status({ authorization: `Bearer ${key}-ada` })).toBe(200);
  expect(await status({ authorization: `bearer ${key}-ada` })).toBe(200);
  expect(await status({ "x-api-key": `${key}-ada` })).toBe(200);
  const { send } = world({ auth });
  expect((await send("GET", "/chat/memory/stats", { "x-api-key": `${key}-root` }))?.status).toBe(200);
  expect((await send("GET", "/chat/memory/stats", { "x-api-key": `${key}-ada` }))?.status).toBe(403);
});

test("T7: SQL in a token is a token that nobody has", async () => {
  for (const token of ["'OR'1'='1", "' OR '1'='1", "x';DROP--"]) {
    expect(await status({ authorization: `Bearer ${token}` })).toBe(401);
  }
});

test("T8: a token with the same beginning is another token", async () => {
  expect(await status({ authorization: `Bearer ${key}` })).toBe(401);
  expect(await status({ authorization: `Bearer ${key}-adb` })).toBe(401);
  expect(await status({ authorization: `Bearer ${key}-ada2` })).toBe(401);
});

test("T12: two credentials that differ are refused, whichever is good; the same twice is one", async () => {
  const { send } = world({ auth });
  const both = (first: string, second: string) =>
    send("GET", "/sessions", { authorization: first, "x-api-key": second });
  const refused = await both(`Bearer ${key}-ada`, `${key}-root`);
  expect(refused?.status).toBe(400);
  expect(await refused?.json()).toMatchObject({ code: "conflicting_credentials" });
  expect((await both(`Bearer ${key}-ada`, "x"))?.status).toBe(400);
  expect((await both("Basic YTpi", `${key}-ada`))?.status).toBe(400);
  expect((await both(`Bearer ${key}-ada`, `${key}-ada`))?.status).toBe(200);
});

test("T13: headers that are no credentials are 401", async () => {
  const odd = [
    "",
    "Bearer",
    "Bearer ",
    "%",
    "Bearer %00 x",
    `Bearer ${"x".repeat(20_000)}`,
    "Basic YTpi",
    "Bearer \u00ff",
  ];
  for (const header of odd) expect(await status({ authorization: header })).toBe(401);
  for (const header of ["", "a b", "\u00e9"]) expect(await status({ "x-api-key": header })).toBe(401);
});

test("names that every object has are no tokens", async () => {
  for (const token of ["__proto__", "constructor", "toString"]) {
    expect(await status({ authorization: `Bearer ${token}` })).toBe(401);
  }
});

test("a wrong key is not anonymous where the public may come in", async () => {
  const open = world({ auth, access: "public" });
  expect(await status({}, open)).toBe(200);
  expect(await status({ "x-api-key": "wrong" }, open)).toBe(401);
  expect(await status({ authorization: "Bearer wrong" }, open)).toBe(401);
});

test("what cannot be is refused when it is made", () => {
  for (const token of ["", "two words", "na\u00efve", "line\n"])
    expect(() => bearer({ [token]: "ada" })).toThrow(TypeError);
  expect(() => bearer({ token: "" })).toThrow("1 to 256");
});
