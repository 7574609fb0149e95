import { DatabaseSync } from "node:sqlite";

// Takes the lock that every writer needs, and keeps it until told to let go.
const database = new DatabaseSync(process.argv[2] ?? "");
database.exec("PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE");
process.send?.({ kind: "held" });
process.on("message", () => {
  database.exec("ROLLBACK");
  database.close();
  process.send?.({ kind: "released" });
  process.disconnect();
});
