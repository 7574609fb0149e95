import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Storage } from "@parlor/core";
import { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { postgres } from "../src/index.ts";
import { type Cluster, startCluster } from "./support/cluster.ts";
import { key, newTurn, said, textEvent, until, wide, won } from "./support/samples.ts";

const cluster = await startCluster("-c deadlock_timeout=50ms");

describe.skipIf(!cluster)("many nodes that write the same", () => {
  const { url, directory, query, destroy } = cluster as Cluster;
  const nodes = [1, 2, 3].map(() => postgres({ url }));
  const [{ sessions, turns }] = nodes as [Storage];
  const owners = ["ada", "eve", "joe"];

  afterAll(async () => {
    await Promise.all(nodes.map(({ bus }) => bus.close()));
    await destroy();
  });

  test("never wait for each other in a ring, and count right", async () => {
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, at) => won(turns, "t1", key(`turn-${at}`, owners[at % 3]))),
    );
    const last = 39;
    const work = nodes.map(async (node, nth) => {
      for (let round = 0; round <= last; round += 1) {
        const batches = claims
          .map((claim) => ({ claim, events: [textEvent(round + 1)] }))
          .toSorted(() => Math.random() - 0.5);
        const session = key(`s${round % 5}`, owners[round % 3]);
        await Promise.all([
          node.turns.append(batches),
          node.turns.renew(batches.map(({ claim }) => claim).toReversed(), 60_000),
          node.sessions.open(session, { append: [said(`m${nth}-${round}`)], window: wide }),
          node.sessions.clear(session),
          node.limits.acquire("places", `${nth}-${round}`, 5, 60_000),
          ...(round % 5 === 4 ? owners.map((owner) => node.sessions.deleteOwner(owner)) : []),
          ...(round === last ? owners.map((owner) => node.turns.forget(owner)) : []),
        ]);
      }
    });
    await Promise.all(work);

    expect(await readFile(join(directory, "log"), "utf8")).not.toContain("deadlock detected");
    const [counted] = await query(
      `select (select count(*) from parlor.sessions)::integer as sessions, (select count(*) from parlor.messages)::integer as messages`,
    );
    expect(await sessions.stats()).toEqual(counted);
    const each = await Promise.all(owners.map((owner) => sessions.stats(owner)));
    expect(each.reduce((sum, stats) => sum + stats.messages, 0)).toBe((counted as { messages: number }).messages);
    for (const owner of owners) await sessions.deleteOwner(owner);
    expect(await sessions.stats()).toEqual({ sessions: 0, messages: 0 });
    expect(await query("select 1 from parlor.owners union all select 1 from parlor.messages")).toEqual([]);
  });

  /** Another node has done `first`; `work` waits for it until it has done `then`, too. */
  async function heldBy<T>(first: string, then: readonly string[], work: () => Promise<T>): Promise<T> {
    const other = new Client({ connectionString: url });
    await other.connect();
    try {
      await other.query("begin");
      await other.query(first);
      const working = work();
      const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock'";
      expect(await until(async () => (await query(waits)).length > 0)).toBe(true);
      for (const text of then) await other.query(text);
      await other.query("commit");
      return await working;
    } finally {
      await other.end();
      await turns.forget("kim");
    }
  }
  const lockTurns = "select 1 from parlor.turns where owner = 'kim' for update";

  test("find a turn that took the key and the session while they looked by its key", async () => {
    const session = key("s1", "kim");
    const request = { leaseMs: 60_000, idempotency: { kind: "chat", key: "k", bodyHash: "h" } };
    await turns.claim(session, newTurn("first"), request);
    // Its key has run out, which a claim notes in its row.
    await query("update parlor.turns set key_until = 0, log_until = 0, outcome = 'null' where owner = 'kim'");
    const claim = heldBy(
      lockTurns,
      [
        "update parlor.turns set key = null, key_kind = null where owner = 'kim'",
        "select * from parlor.claim_turn('kim', 's1', 'second', 'm', 'model', 'now', 60000, 'chat', 'k', 'h', 60000, false)",
      ],
      () => turns.claim(session, newTurn("third"), request),
    );
    expect(await claim).toMatchObject({ kind: "repeat", turn: { id: "second" } });
  });

  test("win a session whose turn goes while they shorten its lease", async () => {
    const session = key("s1", "kim");
    await won(turns, "first", session);
    // The clock was set back, which a claim notes in its row.
    await query("update parlor.turns set lease_until = lease_until + 3600000 where owner = 'kim'");
    const claim = heldBy(lockTurns, ["delete from parlor.turns where owner = 'kim'"], () =>
      turns.claim(session, newTurn("second"), { leaseMs: 60_000 }),
    );
    expect(await claim).toMatchObject({ kind: "won", claim: { turn: "second" } });
  });

  test("leave no message of a session that several erase", async () => {
    const session = key("s1", "kim");
    const count = 2_500;
    await sessions.open(session, { append: Array.from({ length: count }, (_, at) => said(`m${at}`)), window: wide });
    const erase = "select parlor.erase(array(select number from parlor.sessions where owner = 'kim'))";
    expect(await heldBy(erase, [], () => sessions.clear(session))).toBe(count);
    expect(await query("select 1 from parlor.messages union all select 1 from parlor.erasing")).toEqual([]);
    await sessions.delete(session);
  });
});
