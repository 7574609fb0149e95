import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { randomUUID } from "node:crypto";
import { createChatEngine, memory, type SessionStore } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { keyvPostgres, keyvRedis } from "@parlor/keyv";
import { describe, expect, it, onTestFinished } from "vitest";
import { dropTable, postgresUrl, redisUrl, unlinkNamespace } from "./support/services.ts";

const program = fileURLToPath(new URL("support/chatting-process.ts", import.meta.url));

/** Lets processes chat, one after the other, and kills each in the middle of it; what they had said was kept. */
async function kill(times: number, ...args: string[]): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let run = 0; run < times; run++) {
    const child = fork(program, [...args, String(run)]);
    // Another number each time, so that it is killed at different places.
    let left = 20 + 7 * run;
    child.on("message", (id) => {
      acknowledged.push(id as string);
      if (--left === 0) child.kill("SIGKILL");
    });
    const [code, signal]: (number | string | null)[] = await once(child, "exit");
    expect([code, signal], "it did not end by itself").toEqual([null, "SIGKILL"]);
  }
  return acknowledged;
}

/** What is missing of what was acknowledged, and what is still being answered, once an engine has looked at it. */
async function aftermath(sessions: SessionStore, acknowledged: readonly string[]): Promise<unknown> {
  const engine = createChatEngine({ backend: scriptedBackend(says("Hi.")), storage: { ...memory(), sessions } });
  const found = new Set<string>();
  let streaming = 0;
  const { items } = await engine.sessions.list("ada");
  for (const { id, messageCount } of items) {
    const { messages = [] } = (await engine.sessions.history({ owner: "ada", id }, { limit: 10_000 })) ?? {};
    for (const message of messages) found.add(message.id);
    streaming += messages.filter(({ status }) => status === "streaming").length;
    expect(messages.length, "the counter").toBe(messageCount);
  }
  const { messages } = await engine.sessions.stats("ada");
  expect(messages, "the owner's counter").toBe(found.size);
  return { missing: acknowledged.filter((id) => !found.has(id)), streaming, sessions: items.length };
}

const unharmed = { missing: [], streaming: 0, sessions: 3 };

describe("a process that is killed while it answers loses nothing that was acknowledged", () => {
  it("on Redis", async ({ skip }) => {
    const url = await redisUrl();
    if (url === undefined) return skip("no Redis");
    const namespace = `parlor-test-${randomUUID()}`;
    onTestFinished(() => unlinkNamespace(url, namespace));
    const acknowledged = await kill(5, "redis", url, namespace);
    const { sessions } = keyvRedis(url, { namespace });
    onTestFinished(() => sessions.close());
    expect(await aftermath(sessions, acknowledged)).toEqual(unharmed);
  });

  it("on PostgreSQL", async ({ skip }) => {
    const url = await postgresUrl();
    if (url === undefined) return skip("no PostgreSQL");
    const table = `parlor_keyv_${randomUUID().replaceAll("-", "")}`;
    onTestFinished(() => dropTable(url, table));
    const acknowledged = await kill(3, "postgres", url, table);
    const { sessions } = keyvPostgres(url, { table });
    onTestFinished(() => sessions.close());
    expect(await aftermath(sessions, acknowledged)).toEqual(unharmed);
  });
});
