import { type ChatEngine, type Claim, createChatEngine, type EngineOptions, systemClock } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgres } from "../src/index.ts";
import { type Cluster, startCluster } from "./support/cluster.ts";
import { Meter, type Work } from "./support/meter.ts";
import { key, textEvent, won } from "./support/samples.ts";

// Without autovacuum nobody else reads the tables, and the planner never learns how they have grown.
const cluster = await startCluster("-c autovacuum=off");

const hasFigures =
  cluster && (await cluster.query("select 1 from pg_proc where proname = 'pg_stat_force_next_flush'")).length > 0;

describe.skipIf(!cluster)("what a turn costs", () => {
  const { url, query, destroy } = cluster as Cluster;
  const meter = new Meter(url, "parlor", 4);
  const storage = postgres({ pool: meter.pool, listen: false });
  const engine = (options: Partial<EngineOptions> = {}): ChatEngine =>
    createChatEngine({
      // One read, so that there is one flush.
      backend: scriptedBackend([
        [{ type: "text", text: "An answer." }],
        [
          { type: "usage", usage: { inputTokens: 10, outputTokens: 3 } },
          { type: "finish", reason: "stop" },
        ],
      ]),
      storage,
      window: { messages: 8 },
      // Nothing that comes by the clock: its statements are not the turn's.
      clock: { ...systemClock, every: () => () => {} },
      ...options,
    });

  /** Puts so many messages of 270 characters into a session, and so many sessions beside it. */
  async function seed(owner: string, sessions: number, messages: number): Promise<void> {
    await query(
      `insert into parlor.sessions (owner, id, metadata, created_ms, updated_ms)
       select $1, 's' || n, '{}', 1.7e12 + n, 1.7e12 + n from generate_series(1, $2::integer) n`,
      [owner, sessions],
    );
    await query(
      `insert into parlor.messages
       select s.number, n, 'm' || n, case n % 2 when 1 then 'user' else 'assistant' end, 'complete', false, null, 270, true,
         '{"parts":[{"type":"text","text":"' || repeat('x', 270) || '"}],"createdAt":"2026-01-01T00:00:00.000Z","tokens":70}'
       from parlor.sessions s, generate_series(1, $2::integer) n where s.owner = $1 and s.id = 's1'`,
      [owner, messages],
    );
    await query(
      "update parlor.sessions set last_seq = $2, message_count = $2, turn_count = $2 / 2 where owner = $1 and id = 's1'",
      [owner, messages],
    );
    await query("insert into parlor.owners values ($1, $2, $3)", [owner, sessions, messages]);
  }

  /** So many turns of a session that ended and are still kept. */
  async function seedTurns(owner: string, count: number): Promise<void> {
    await query(
      `insert into parlor.turns (owner, session, id, message, model, created_at, epoch, lease_until, lease_ms, last_offset, outcome,
         ended_ms, log_until, key_kind, key, body_hash, key_until, sweep_ms)
       select $1, 's1', 't' || n, 'a' || n, 'm', '', n, 0, 0, 2, '{"status":"complete"}', 1e13, 1e13, 'message', 'k' || n, 'h', 1e13, 1e13
       from generate_series(1, $2::integer) n`,
      [owner, count],
    );
  }

  const turns = 8;
  const turnsOf = async (owner: string): Promise<Work> => {
    const node = engine();
    let sent = 0;
    const send = () =>
      node.send({ owner, session: "s1", message: "What now?", idempotencyKey: `${owner}-${(sent += 1)}` });
    await send();
    return meter.of(async () => {
      for (let at = 0; at < turns; at += 1) await send();
    });
  };

  beforeAll(async () => {
    await storage.sessions.get(key());
    // Plans are made and kept while the tables are empty, which is the worst time for it.
    for (let at = 0; at < 10; at += 1) await turnsOf(`first-${at}`);
  });
  afterAll(async () => {
    await storage.sessions.close();
    await meter.pool.end();
    await destroy();
  });

  test("three rounds before the model, six steps in all", async () => {
    let before: number | undefined;
    const limits = {
      requests: [{ limit: 100, windowMs: 60_000 }],
      tokens: [{ limit: 1e6, windowMs: 60_000 }],
      concurrentTurns: 4,
    };
    const backend = scriptedBackend(() => {
      before = meter.rounds;
      return [
        { type: "text", text: "An answer." },
        { type: "finish", reason: "stop" },
      ];
    });
    let ended = () => {};
    const node = engine({ backend, limits, onTurn: () => ended() });
    const send = async () => {
      // A turn gives its limits back after it has answered.
      const over = new Promise<void>((resolve) => (ended = resolve));
      await node.send({ owner: "ada", session: "steps", message: "Hello" });
      await over;
    };
    await send();
    const earlier = meter.rounds;
    const work = await meter.of(send);
    expect((before ?? 0) - earlier, "claim, limits, open").toBe(3);
    expect(work.statements.filter((name) => !/consume|place|window/.test(name))).toEqual([
      "claim_turn",
      "write_session",
      "append_events",
      "end_turn",
      "settle_message",
      "settle_turn",
    ]);
  });

  test("a flush of a hundred turns is one statement", async () => {
    const claims: Claim[] = [];
    for (let at = 0; at < 100; at += 1) claims.push(await won(storage.turns, "t1", key(`flush-${at}`)));
    const work = await meter.of(async () =>
      storage.turns.append(claims.map((claim) => ({ claim, events: [textEvent(1)] }))),
    );
    expect(work.statements).toEqual(["append_events"]);
    const renewed = await meter.of(() => storage.turns.renew(claims, 60_000));
    expect(renewed.statements).toEqual(["renew_turns"]);
  });

  describe.skipIf(!hasFigures)("(by the server's own figures, which version 15 and later have)", () => {
    test("a turn costs the same however long the session is", { timeout: 120_000 }, async () => {
      const works: Work[] = [];
      for (const messages of [10, 1_000, 100_000]) {
        await seed(`long-${messages}`, 1, messages);
        works.push(await turnsOf(`long-${messages}`));
      }
      expect(differences(works)).toEqual([]);
    });

    test("a turn costs the same however many sessions its owner has", { timeout: 240_000 }, async () => {
      const works: Work[] = [];
      for (const sessions of [10, 10_000, 1_000_000]) {
        await seed(`many-${sessions}`, sessions, 100);
        works.push(await turnsOf(`many-${sessions}`));
      }
      expect(differences(works)).toEqual([]);
    });

    test("a turn costs the same however many turns its owner had", { timeout: 120_000 }, async () => {
      const works: Work[] = [];
      for (const count of [10, 100_000]) {
        await seed(`busy-${count}`, 1, 100);
        await seedTurns(`busy-${count}`, count);
        works.push(await turnsOf(`busy-${count}`));
      }
      expect(differences(works)).toEqual([]);
    });

    test("a page of a list costs the same wherever it is, and however long the list", async () => {
      const page = (owner: string, cursor?: string) =>
        meter.of(() => storage.sessions.list(owner, { limit: 20, ...(cursor !== undefined && { cursor }) }));
      const place = (n: number) => `${1.7e12 + n}.s${n}`;
      const works = [
        await page("many-1000000"),
        await page("many-1000000", place(500_000)),
        await page("many-1000000", place(21)),
        await page("many-10000", place(5_000)),
      ];
      expect(differences(works)).toEqual([]);
    });

    test("a page of messages costs the same wherever it is", async () => {
      const page = (before: number) =>
        meter.of(() => storage.sessions.messages({ owner: "long-100000", id: "s1" }, { limit: 50, before }));
      const works = [await page(100_000), await page(50_000), await page(52)];
      expect(differences(works)).toEqual([]);
    });

    test("a turn costs the same however much of the session was replaced", async () => {
      const works: Work[] = [];
      for (const messages of [100, 10_000]) {
        const owner = `replaced-${messages}`;
        await seed(owner, 1, messages);
        await query(
          `update parlor.messages m set superseded = seq > 20 from parlor.sessions s where s.number = m.session and s.owner = $1`,
          [owner],
        );
        await query("vacuum parlor.messages");
        works.push(await turnsOf(owner));
      }
      expect(differences(works)).toEqual([]);
    });
  });

  /** What of the later ones is more than of the first; pages may be by the height of an index. */
  function differences([first, ...others]: readonly Work[]): string[] {
    const most = { bytes: 1.1, rows: 1.1, pages: 1.5 };
    return others.flatMap((other) =>
      (["bytes", "rows", "pages"] as const)
        .filter((figure) => other[figure] > (first?.[figure] ?? 0) * most[figure])
        .map((figure) => `${figure}: ${other[figure]}, not ${first?.[figure]}`)
        .concat(other.statements.join() === first?.statements.join() ? [] : [`statements: ${other.statements.join()}`]),
    );
  }
});
