import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expectProblem } from "../expect.ts";
import { check, type HttpTopic, type Site } from "../suite.ts";

/** The status of a request with these header lines, which no client library would send. */
async function statusOf({ url, prefix }: Site, lines: readonly string[]): Promise<number> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = [`GET ${prefix}/sessions HTTP/1.1`, `Host: ${host}`, "Connection: close", ...lines];
  socket.write(Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"));
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await text(socket))?.[1]);
}

export const credentials: HttpTopic = {
  name: "credentials",
  cases: [
    check("T13: malformed credentials are 401, and the server lives", async (site) => {
      const odd = [
        "",
        "Bearer",
        "Bearer ",
        "%",
        "Bearer %zz",
        `Bearer ${"x".repeat(15_000)}`,
        "Bearer \xff\xfe",
        "\t,;=",
      ];
      for (const value of odd) assert.equal(await statusOf(site, [`Authorization: ${value}`]), 401, value);
      assert.equal(await statusOf(site, ["Authorization: Bearer eve", "Cookie: %;=;;a=b=c"]), 200);
    }),
    check("T13: a header named like what every object has", async (site) => {
      assert.equal(await statusOf(site, ["__proto__: x", "constructor: y", "Authorization: Bearer eve"]), 200);
      assert.equal(await statusOf(site, ["__proto__: x"]), 401);
    }),
    check("one credential counts, whatever else a request says of who asks", async ({ ask }) => {
      await ask("POST", "/chat", {
        body: { message: "Hi", session_id: "s1", user: "eve", owner: "eve", user_id: "eve" },
      });
      const claims = {
        "x-user-id": "ada",
        "x-forwarded-user": "ada",
        "x-owner": "ada",
        cookie: "user=ada; session=ada",
      };
      expectProblem(
        await ask("GET", "/history/s1?owner=ada&user_id=ada", { as: "eve", headers: claims }),
        404,
        "session_not_found",
      );
      expectProblem(
        await ask("GET", "/history/s1?token=ada&api_key=ada", { as: null, headers: claims }),
        401,
        "unauthorized",
      );
    }),
  ],
};
