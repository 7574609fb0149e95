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

  test("find a turn that took the key and the session while they looked by its key", async () => {
    const session = key("s1", "kim");
    const request = { leaseMs: 60_000, idempotency: { kind: "chat", key: "k", bodyHash: "h" } };
    await turns.claim(session, newTurn("first"), request);
    const other = new Client({ connectionString: url });
    await other.connect();
    try {
      // The first one's key has run out: the claim waits for its row, between its two looks.
      await query("update parlor.turns set key_until = 0, log_until = 0, outcome = 'null' where owner = 'kim'");
      await other.query("begin");
      await other.query("select 1 from parlor.turns where owner = 'kim' for update");
      const claim = turns.claim(session, newTurn("third"), request);
      const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock'";
      expect(await until(async () => (await query(waits)).length > 0)).toBe(true);
      await other.query("update parlor.turns set key = null, key_kind = null where owner = 'kim'");
      await other.query(
        `select * from parlor.claim_turn('kim', 's1', 'second', 'm', 'model', 'now', 60000, 'chat', 'k', 'h', 60000, false)`,
      );
      await other.query("commit");
      expect(await claim).toMatchObject({ kind: "repeat", turn: { id: "second" } });
    } finally {
      await other.end();
      await turns.forget("kim");
    }
  });
});
