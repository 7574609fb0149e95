import { createChatEngine, memory } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { keyvPostgres, keyvRedis } from "@parlor/keyv";

// Chats in three sessions for ever, and says which messages of the user were acknowledged and which answers it has got.
const [, , kind = "", url = "", name = "", run = ""] = process.argv;
const storage = kind === "redis" ? keyvRedis(url, { namespace: name }) : keyvPostgres(url, { table: name });
const engine = createChatEngine({
  backend: scriptedBackend(() => says("An answer of some words.")),
  storage: { ...memory(), ...storage },
});

async function chat(session: string): Promise<never> {
  for (let at = 0; ; at++) {
    const messageId = `${session}-${run}-${at}`;
    const turn = await engine.start({ owner: "ada", session, message: "A question.", messageId });
    process.send?.(messageId);
    const reply = await turn.reply();
    process.send?.(reply.message);
  }
}

await Promise.all(["s1", "s2", "s3"].map(chat));
