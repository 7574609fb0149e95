import assert from "node:assert/strict";
import { expectProblem } from "../expect.ts";
import { check, type DocsUi, type HttpTopic, type RootPage } from "../suite.ts";

/** Not UTF-8, so that whoever takes it for text is found out. */
const bytes = new Uint8Array([0, 255, 128, 10]);

const ui: DocsUi = {
  page: (name, links) => ({ html: JSON.stringify({ name, ...links }), policy: "default-src 'none'" }),
  file: (name) => (name === "a.js" ? { type: "text/javascript; charset=utf-8", etag: '"1"', bytes } : undefined),
};

const home: RootPage = {
  page: (links) => ({ html: JSON.stringify(links), policy: "script-src 'self'" }),
  file: (name) => ui.file(name),
};

const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

export const docs: HttpTopic = {
  name: "docs",
  cases: [
    ...["", "/ai"].flatMap((prefix) => [
      check(
        `GET /openapi.json describes what is ${prefix === "" ? "at the root" : "below the prefix"}`,
        async ({ ask }) => {
          const { status, headers, body } = await ask("GET", "/openapi.json", { as: null });
          assert.equal(status, 200);
          assert.equal(headers.get("content-type"), "application/json");
          const { openapi, servers, paths } = body as { openapi: string; servers: object[]; paths: object };
          assert.match(openapi, /^3\.1\./);
          assert.deepEqual(servers, [{ url: prefix || "/" }]);
          for (const path of ["/api/v1/chat", "/chat", "/status"]) assert.ok(Object.hasOwn(paths, path), path);
        },
        { host: { prefix } },
      ),
      check(
        `GET /docs and /redoc link ${prefix === "" ? "at the root" : "below the prefix"}`,
        async ({ ask }) => {
          for (const name of ["docs", "redoc"]) {
            const { status, headers, text } = await ask("GET", `/${name}`, { as: null });
            assert.equal(status, 200);
            assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
            assert.equal(headers.get("content-security-policy"), "default-src 'none'");
            assert.equal(headers.get("x-content-type-options"), "nosniff");
            const links = { title: "chatbot-api", description: `${prefix}/openapi.json`, files: `${prefix}/docs` };
            assert.deepEqual(JSON.parse(text), { name, ...links });
          }
        },
        { options: { docs: ui }, host: { prefix } },
      ),
    ]),
    check(
      "GET /docs/{file} gives a file, and nothing to who has it",
      async ({ open, ask }) => {
        const file = await open("GET", "/docs/a.js", { as: null });
        assert.equal(file.status, 200);
        assert.equal(file.headers.get("content-type"), "text/javascript; charset=utf-8");
        assert.equal(file.headers.get("x-content-type-options"), "nosniff");
        assert.equal(file.headers.get("etag"), '"1"');
        assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes);
        for (const tags of ['"1"', 'W/"1"', '"0", "1"']) {
          const again = await ask("GET", "/docs/a.js", { as: null, headers: { "if-none-match": tags } });
          assert.equal(again.status, 304, tags);
          assert.equal(again.headers.get("etag"), '"1"');
        }
        const other = await ask("GET", "/docs/a.js", { as: null, headers: { "if-none-match": '"2"' } });
        assert.equal(other.status, 200);
        for (const path of ["/docs/b.js", "/docs/..%2fpackage.json", "/docs/__proto__"]) {
          expectProblem(await ask("GET", path, { as: null }), 404, "not_found");
        }
      },
      { options: { docs: ui } },
    ),
    check("without the pages' package they say what to install", async ({ ask }) => {
      for (const path of ["/docs", "/redoc"]) {
        const { detail } = expectProblem(await ask("GET", path, { as: null, headers: browser }), 404, "not_found");
        assert.match(String(detail), /@parlor\/docs-ui/);
      }
      expectProblem(await ask("GET", "/docs/docs.js", { as: null }), 404, "not_found");
      assert.equal(
        (await ask("GET", "/", { as: null, headers: browser })).headers.get("content-type"),
        "application/json",
      );
    }),
    check(
      "GET / shows the page to browsers, where it is told to",
      async ({ ask, prefix }) => {
        const page = await ask("GET", "", { as: null, headers: browser });
        assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
        assert.deepEqual(JSON.parse(page.text), {
          name: "docs",
          title: "chatbot-api",
          description: `${prefix}/openapi.json`,
          files: `${prefix}/docs`,
        });
        for (const accept of ["*/*", "application/json, text/html;q=0.5"]) {
          const { body } = await ask("GET", "", { as: null, headers: { accept } });
          assert.partialDeepStrictEqual(body, { status: "ok", docs: `${prefix}/docs` });
        }
      },
      { options: { docs: ui, rootPage: "docs" }, host: { prefix: "/ai" } },
    ),
    ...["", "/ai"].map((prefix) =>
      check(
        `GET / shows a page that was handed in, with its files, ${prefix === "" ? "at the root" : "below the prefix"}`,
        async ({ ask, open }) => {
          const path = prefix === "" ? "/" : "";
          const page = await ask("GET", path, { as: null, headers: browser });
          assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
          assert.equal(page.headers.get("content-security-policy"), "script-src 'self'");
          assert.deepEqual(JSON.parse(page.text), { title: "chatbot-api", files: `${prefix}/page` });
          const file = await open("GET", "/page/a.js", { as: null });
          assert.equal(file.headers.get("content-type"), "text/javascript; charset=utf-8");
          assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes);
          expectProblem(await ask("GET", "/page/..%2fpackage.json", { as: null }), 404, "not_found");
          const { body } = await ask("GET", path, { as: null });
          assert.partialDeepStrictEqual(body, { status: "ok" });
        },
        { options: { rootPage: home }, host: { prefix } },
      ),
    ),
  ],
};
