import assert from "node:assert/strict";
import { manualClock } from "@parlor/core/testing";
import { expectRefusal } from "../expect.ts";
import { contentOf, type SocketAsked } from "../socket.ts";
import type { HttpTopic, ParlorOptions, Site } from "../suite.ts";
import { socketCheck } from "./sockets.ts";

const hi = { message: "Hi", session_id: "s1" };
const nobody = { as: null };
const listed = "https://listed.example";

/** The status of an upgrade; 101 for one that is taken. */
async function statusOf({ socket, refusal }: Site, asked: SocketAsked): Promise<number> {
  try {
    await socket(asked);
    return 101;
  } catch {
    return (await refusal(asked)).status;
  }
}

/** Upgrades by pages of these origins: which are let in? */
async function statusesByOrigin(site: Site, asked: SocketAsked): Promise<Record<string, number>> {
  const { host } = new URL(site.url);
  const origins = {
    none: {},
    own: { origin: `http://${host}` },
    "own by fetch metadata": { origin: "http://renamed.example", "sec-fetch-site": "same-origin" },
    listed: { origin: listed, "sec-fetch-site": "cross-site" },
    foreign: { origin: "https://evil.example" },
    "foreign by fetch metadata": { "sec-fetch-site": "cross-site" },
    "another site of the same domain": { origin: `http://other.${host}`, "sec-fetch-site": "same-site" },
    opaque: { origin: "null" },
    "a longer name": { origin: `${listed}.evil.example` },
  };
  const statuses: Record<string, number> = {};
  for (const [name, headers] of Object.entries(origins)) {
    statuses[name] = await statusOf(site, { ...asked, headers: { ...asked.headers, ...headers } });
  }
  return statuses;
}

const onlyOwn = {
  none: 101,
  own: 101,
  "own by fetch metadata": 101,
  listed: 403,
  foreign: 403,
  "foreign by fetch metadata": 403,
  "another site of the same domain": 403,
  opaque: 403,
  "a longer name": 403,
};
const ownAndListed = { ...onlyOwn, listed: 101 };
const cors: ParlorOptions["cors"] = { origins: [listed] };
const withCredentials: ParlorOptions["cors"] = { origins: [listed], credentials: true };
const cookie = { cookie: `parlor_visitor=${"x".repeat(22)}` };

export const socketAccess: HttpTopic = {
  name: "who may open a WebSocket",
  cases: [
    socketCheck("bad credentials are refused before it opens", async ({ refusal }) => {
      const answer = await refusal({ as: "nobody" });
      expectRefusal(answer, 401, "unauthorized");
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="parlor", error="invalid_token"');
      assert.equal((await refusal({ ...nobody, protocols: ["parlor", "bearer.nobody"] })).status, 401);
      expectRefusal(await refusal({ protocols: ["parlor", "bearer.eve"] }), 400, "conflicting_credentials");
    }),
    socketCheck("a token by subprotocol, which is not sent back", async ({ socket, ask }) => {
      const client = await socket({ ...nobody, protocols: ["parlor", "bearer.eve"] });
      assert.equal(client.webSocket.protocol, "parlor");
      assert.doesNotMatch(JSON.stringify([...client.headers]), /bearer|eve/);
      client.send(hi);
      assert.equal(contentOf(await client.turn()), "Hello there, friend");
      assert.equal((await ask("GET", "/history/s1", { as: "eve" })).status, 200);
      assert.equal((await ask("GET", "/history/s1")).status, 404);
    }),
    socketCheck("a token by the first message", async ({ socket, ask }) => {
      const client = await socket(nobody);
      client.send({ type: "ping" });
      assert.equal((await client.next()).type, "pong");
      client.send({ type: "auth", token: "eve" });
      client.send(hi);
      assert.equal(contentOf(await client.turn()), "Hello there, friend");
      assert.equal((await ask("GET", "/history/s1", { as: "eve" })).status, 200);
    }),
    socketCheck("without a token nothing is done, and a bad one ends it", async ({ socket, backend }) => {
      for (const message of [
        hi,
        { type: "stop", session_id: "s1" },
        { type: "resume", session_id: "s1" },
        { type: "auth" },
        { type: "auth", token: "nobody" },
        { type: "auth", token: { ada: true } },
        { type: "auth", token: "ada\r\nx-user: ada" },
        { ...hi, token: "ada" },
      ]) {
        const client = await socket(nobody);
        client.send(message);
        assert.equal((await client.closed).code, 4401, JSON.stringify(message));
      }
      assert.equal(backend.calls.length, 0);
    }),
    socketCheck("T18: no token in the query", async ({ socket }) => {
      const client = await socket({
        ...nobody,
        path: "/api/v1/chat/ws?token=ada&access_token=ada&authorization=Bearer%20ada",
      });
      client.send(hi);
      assert.equal((await client.closed).code, 4401);
    }),
    socketCheck(
      "who does not say in 10 s who it is has to go",
      async ({ socket, engine }) => {
        const clock = engine.clock as ReturnType<typeof manualClock>;
        const [silent, known] = [await socket(nobody), await socket(nobody)];
        known.send({ type: "auth", token: "ada" });
        known.send({ type: "ping" });
        await known.next();
        clock.advance(10_000);
        assert.equal((await silent.closed).code, 4401);
        known.send(hi);
        assert.equal(contentOf(await known.turn()), "Hello there, friend");
      },
      { engine: () => ({ clock: manualClock() }) },
    ),
    socketCheck("a socket stays one person's", async ({ socket }) => {
      const client = await socket();
      client.send({ type: "auth", token: "ada" });
      client.send(hi);
      await client.turn();
      client.send({ type: "auth", token: "eve" });
      assert.equal((await client.closed).code, 4403);
    }),
    socketCheck(
      "P25: somebody else's session is not there, in any message",
      async ({ socket, ask, backend, release }) => {
        const [ada, eve] = [await socket(), await socket({ as: "eve" })];
        ada.send({ ...hi, message: "a secret" });
        const [turn] = ((await ada.next()).id ?? "").split(":");
        for (const message of [
          { type: "resume", session_id: "s1" },
          { type: "resume", session_id: "s1", last_event_id: `${turn}:0` },
          { type: "resume", session_id: "s1", after: `${turn}:1` },
        ]) {
          eve.send(message);
          const { type, code } = await eve.next();
          assert.deepEqual([type, code], ["error", "not_found"]);
        }
        eve.send({ type: "stop", session_id: "s1" });
        eve.send(hi);
        const own = await eve.next();
        assert.equal(backend.calls[0]?.signal.aborted, false);
        assert.equal(backend.calls[1]?.request.messages.length, 1);
        release();
        assert.equal(contentOf([own, ...(await eve.turn())]), "Well, yes");
        await ada.turn();
        assert.partialDeepStrictEqual((await ask("GET", "/history/s1")).body, {
          messages: [{ content: "a secret" }, {}],
        });
      },
      {
        model: (gate) => [
          { type: "text", text: "Well," },
          { wait: gate },
          { type: "text", text: " yes" },
          { type: "finish", reason: "stop" },
        ],
      },
    ),
    socketCheck(
      "T18: pages of other sites open none, whatever token they have",
      async (site) => {
        assert.deepEqual(await statusesByOrigin(site, nobody), ownAndListed);
        assert.deepEqual(
          await statusesByOrigin(site, { ...nobody, protocols: ["parlor", "bearer.ada"] }),
          ownAndListed,
        );
        assert.equal(site.backend.calls.length, 0);
      },
      { options: { cors } },
    ),
    socketCheck(
      "T18: a listed page acts with cookies only where `cors` says so, also beside a token of its own",
      async (site) => {
        for (const protocols of [["parlor"], ["parlor", "bearer.ada"]]) {
          assert.deepEqual(await statusesByOrigin(site, { ...nobody, protocols, headers: cookie }), onlyOwn);
        }
      },
      { options: { cors } },
    ),
    socketCheck(
      "T18: visitors by cookie",
      async (site) => {
        assert.deepEqual(await statusesByOrigin(site, { ...nobody, headers: cookie }), ownAndListed);
        expectRefusal(
          await site.refusal({ ...nobody, headers: { ...cookie, origin: "https://evil.example" } }),
          403,
          "forbidden",
        );
      },
      { options: { access: "public", cors: withCredentials } },
    ),
    socketCheck(
      "T18: an open server",
      async (site) => assert.deepEqual(await statusesByOrigin(site, nobody), ownAndListed),
      { options: { access: "public", sharedAnonymous: true, cors } },
    ),
    socketCheck(
      "public: the session's id is the key where there is no cookie",
      async ({ socket, ask }) => {
        const client = await socket(nobody);
        client.send({ type: "auth", token: "whatever" });
        client.send(hi);
        await client.turn();
        client.send({ ...hi, session_id: "s2" });
        await client.turn();
        assert.partialDeepStrictEqual((await ask("GET", "/history/s1", nobody)).body, { turn_count: 1 });
        assert.deepEqual((await ask("GET", "/sessions", nobody)).body, { sessions: [] });
      },
      { options: { access: "public" } },
    ),
    socketCheck(
      "public: a browser gets its cookie with the 101, and keeps its sessions",
      async ({ socket, ask, url }) => {
        const { host } = new URL(url);
        const client = await socket({ ...nobody, headers: { origin: `http://${host}` } });
        const cookies = client.headers.get("set-cookie") ?? "";
        assert.match(cookies, /^parlor_visitor=[\w-]{22}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
        assert.ok(client.headers.get("x-request-id"));
        for (const session_id of ["s1", "s2"]) {
          client.send({ ...hi, session_id });
          await client.turn();
        }
        const mine = { ...nobody, headers: { cookie: cookies.split(";")[0] ?? "" } };
        assert.partialDeepStrictEqual((await ask("GET", "/sessions", mine)).body, {
          sessions: [{ session_id: "s2" }, { session_id: "s1" }],
        });
      },
      { options: { access: "public" }, needs: ["socket-control"] },
    ),
    socketCheck(
      "limits: the upgrade and each message count as requests, and a refusal leaves the socket open",
      async ({ socket, refusal, ask, backend }) => {
        const client = await socket();
        client.send({ type: "ping" });
        await client.next();
        client.send(hi);
        await client.turn();
        client.send({ message: "no session" });
        assert.equal((await client.next()).code, "invalid_request");
        client.send(hi);
        assert.equal((await client.next()).code, "rate_limited");
        expectRefusal(await refusal(), 429, "rate_limited");
        assert.equal((await ask("GET", "/sessions", { as: "eve" })).status, 200);
        client.send({ type: "ping" });
        assert.equal((await client.next()).type, "pong");
        assert.equal(backend.calls.length, 1);
      },
      { options: { limits: { requests: [{ limit: 3, windowMs: 3_600_000 }] } } },
    ),
    socketCheck(
      "T33: so many sockets at once, of the person once it is known who it is; the place of one that has ended is free",
      async (site) => {
        const { socket, refusal } = site;
        const anonymous = await socket(nobody);
        const first = await socket();
        expectRefusal(await refusal(), 429, "too_many_streams");
        expectRefusal(await refusal(nobody), 429, "too_many_streams");
        anonymous.send({ type: "auth", token: "ada" });
        assert.equal((await anonymous.closed).code, 1013);
        const other = await socket(nobody);
        other.send({ type: "auth", token: "eve" });
        other.send(hi);
        await other.turn();
        expectRefusal(await refusal({ as: "eve" }), 429, "too_many_streams");
        await socket(nobody);
        first.webSocket.close();
        await first.closed;
        // The server may hear of it a moment later.
        while ((await statusOf(site, {})) !== 101);
      },
      { options: { limits: { streams: 1 } } },
    ),
  ],
};
