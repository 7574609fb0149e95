import assert from "node:assert/strict";
import { says, scriptedBackend } from "@parlor/core/testing";
import { begin, read, row, type Row, seenBy } from "../conversation.ts";
import { expectProblem, expectReply, faultsOf } from "../expect.ts";
import { collect } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";

export const conversations: HttpTopic = {
  name: "conversations",
  cases: [
    check("are begun, listed, read, changed and deleted", async ({ ask }) => {
      const answer = await ask("POST", "/api/conversations", { body: { title: " Plans " } });
      expectReply(answer, { ...row, title: "Plans" }, 201);
      const { id } = answer.body as Row;
      const fresh = await ask("POST", "/api/conversations/new?title=Trips", { body: {} });
      expectReply(fresh, {
        session_id: "id",
        message: "New conversation created",
        conversation: { ...row, title: "Trips" },
      });
      expectReply(await ask("PUT", `/api/conversations/${id}`, { body: { title: "Plan B" } }), {
        ...row,
        title: "Plan B",
      });
      expectReply(await ask("PATCH", `/api/conversations/${id}`, { body: { is_favorited: true } }), {
        ...row,
        title: "Plan B",
        is_favorited: true,
      });
      const renamed = await ask("PATCH", `/api/conversations/${id}/title?title=Plan%20C`);
      assert.deepEqual(renamed.body, { session_id: id, title: "Plan C", message: "Title updated successfully" });

      const { items, conversations, grouped, limit, offset } = (await ask("GET", "/api/conversations")).body as {
        readonly [list in "items" | "conversations"]: readonly Row[];
      } & { readonly grouped: Record<string, readonly Row[]>; readonly limit: number; readonly offset: number };
      assert.deepEqual(
        items.map(({ title }) => title),
        ["Plan C", "Trips"],
      );
      assert.deepEqual([conversations, limit, offset], [items, 50, 0]);
      const days = [...new Set(items.map(({ updated_at }) => updated_at.slice(0, 10)))];
      assert.deepEqual(Object.keys(grouped), days);
      assert.deepEqual(Object.values(grouped).flat(), items);

      assert.equal((await ask("DELETE", `/api/conversations/${id}`)).status, 204);
      for (const [method, path, body] of [
        ["GET", "", undefined],
        ["DELETE", "", undefined],
        ["PUT", "", { title: "x" }],
        ["POST", "/messages", { content: "x" }],
        ["POST", "/message", { content: "x", role: "assistant" }],
        ["POST", "/stop", {}],
        ["GET", "/stream", undefined],
        ["POST", "/regenerate", {}],
      ] as const) {
        const { detail } = expectProblem(
          await ask(method, `/api/conversations/${id}${path}`, { body }),
          404,
          "session_not_found",
        );
        assert.equal(detail, "conversation not found");
      }
    }),
    check("are paged by number and by cursor", async (site) => {
      for (const title of ["a", "b", "c"]) await begin(site, { title });
      const page = async (query: string) => {
        const { body } = await site.ask("GET", `/api/conversations?${query}`);
        return body as { readonly items: readonly Row[]; readonly next_cursor?: string };
      };
      const titles = ({ items }: { readonly items: readonly Row[] }) => items.map(({ title }) => title);
      // Two that were begun in the same millisecond stand in any order, but always in the same.
      const all = titles(await page("limit=3"));
      assert.deepEqual(all.toSorted(), ["a", "b", "c"]);
      assert.deepEqual(titles(await page("limit=1&offset=2")), all.slice(2));
      const first = await page("limit=2");
      assert.deepEqual(titles(first), all.slice(0, 2));
      const last = await page(`limit=2&cursor=${encodeURIComponent(first.next_cursor ?? "")}`);
      assert.deepEqual([titles(last), last.next_cursor], [all.slice(2), undefined]);
      assert.deepEqual(faultsOf(await site.ask("GET", "/api/conversations?offset=1001&limit=201")), [
        "limit",
        "offset",
      ]);
    }),
    check(
      "models are listed and swapped, and a conversation may have its own",
      async (site) => {
        const { body } = await site.ask("GET", "/api/models");
        assert.partialDeepStrictEqual(body, { current_model: "script-1", models: ["script-1", "small"] });
        const own = await begin(site, { model_tag: "small" });
        const other = await begin(site);
        const answered = async (id: string) =>
          seenBy(await collect(site.events("POST", `/api/conversations/${id}/messages`, { body: { content: "Hi" } })))
            .text;
        assert.deepEqual([await answered(own), await answered(other)], ["from small", "Hello there, friend"]);
        const swap = (model_tag: string, as = "root") =>
          site.ask("POST", "/api/models/swap", { as, body: { model_tag } });
        expectProblem(await swap("small", "ada"), 403, "forbidden");
        expectProblem(await swap("unheard-of"), 404, "unknown_model");
        assert.deepEqual((await swap("small")).body, { status: "ok", current_model: "small" });
        assert.equal(await answered(other), "from small");
        expectProblem(
          await site.ask("POST", "/api/conversations", { body: { model_tag: "no" } }),
          404,
          "unknown_model",
        );
      },
      { engine: () => ({ models: { small: scriptedBackend(says("from small"), { info: { model: "s" } }) } }) },
    ),
    check("GET /api/health says whether it is ready", async ({ ask, engine }) => {
      assert.deepEqual((await ask("GET", "/api/health", { as: null })).body, {
        status: "ok",
        ready: true,
        service: "chat-api",
      });
      await engine.close({ drainMs: 0 });
      const closed = await ask("GET", "/api/health", { as: null });
      assert.deepEqual([closed.status, (closed.body as { ready: boolean }).ready], [503, false]);
    }),
    check(
      "clients without cookies have a conversation by its id",
      async (site) => {
        const anonymous = {
          ask: (method: string, path: string, asked?: object) => site.ask(method, path, { as: null, ...asked }),
        };
        const id = await begin(anonymous);
        await anonymous.ask("POST", `/api/conversations/${id}/message`, { body: { content: "Hi" } });
        assert.equal((await read(anonymous, id)).messages.length, 2);
        assert.deepEqual(((await anonymous.ask("GET", "/api/conversations")).body as { items: unknown[] }).items, []);
      },
      { options: { access: "public" } },
    ),
  ],
};
