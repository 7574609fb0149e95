import assert from "node:assert/strict";
import type { PartName } from "../topic.ts";
import { topic } from "../topic.ts";

const each = (part: PartName) =>
  topic(`${part}: the part itself`, [part], {
    "says what it is and that it can serve": async (context) => {
      const { info } = context[part];
      assert.ok(info.name.length > 0);
      assert.ok(["none", "server", "process", "power"].includes(info.durability));
      assert.equal(typeof info.concurrentWriters, "boolean");
      await context[part].ping(AbortSignal.timeout(5_000));
    },
  });

export const parts = (["sessions", "turns", "limits", "records", "bus"] as const).map(each);
