import { ChatError } from "@parlor/core";
import { sqlite } from "@parlor/sqlite";

// Says whether it may open a database and write there. Permissions do not bind root; by now all modules are loaded, which nobody else may
// be allowed to read.
if (process.getuid?.() === 0) process.setuid?.(65_534);
try {
  const storage = sqlite(process.argv[2] ?? "");
  await storage.sessions.create({ owner: "ada", id: "session" }, {});
  process.send?.({ kind: "opened" });
} catch (error) {
  const value = ChatError.isInstance(error) ? `${error.code}: ${error.message}` : String(error);
  process.send?.({ kind: "refused", value });
}
process.disconnect();
