import { ChatError } from "@parlor/core";
import { sqlite } from "@parlor/sqlite";
import { storageFaults } from "@parlor/testkit/storage";
import { describe, expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { type Player, players } from "./support/process.ts";
import { said } from "./support/samples.ts";

/** Two in a usual run; PARLOR_TEST_ROUNDS=30 is what a release is judged by. */
const rounds = Number(process.env["PARLOR_TEST_ROUNDS"] ?? 2);

describe("again and again", { timeout: rounds * 20_000 }, () => {
  const file = temporaryFiles();
  const play = players();

  /** Another process takes the lock that every writer needs. */
  const locked = (end: (holder: Player) => Promise<unknown>) => async () => {
    const path = file();
    const storage = sqlite(path);
    let holder: Player | undefined;
    return {
      storage,
      meanwhile: "read" as const,
      begin: async () => {
        holder = play("hold", [path]);
        await holder.says("held");
        holder.signal("SIGSTOP");
      },
      end: async () => holder && end(holder),
      close: () => storage.sessions.close(),
    };
  };

  storageFaults({
    rounds,
    report: (line) => console.log(`sqlite: ${line}`),
    runner: { it },
    faults: {
      "another process frozen with the lock": locked(async (holder) => {
        holder.signal("SIGCONT");
        holder.tell("release");
        await holder.says("released");
      }),
      "another process frozen with the lock, and killed": locked((holder) => holder.end()),
      "the disk full": async () => {
        const storage = sqlite(file(), { maxBytes: 2_000_000 });
        const { sessions } = storage;
        const key = { owner: "ballast", id: "ballast" };
        return {
          storage,
          meanwhile: "any",
          begin: async () => {
            await sessions.create(key, {});
            // Large pieces, then small ones: until nothing fits any more.
            for (const size of [50_000, 1_000]) {
              const fill = async () => {
                for (let at = 0; ; at++) await sessions.append(key, [said(`${size} ${at}`, "x".repeat(size))]);
              };
              const error = await fill().catch((reason: unknown) => reason);
              expect(ChatError.isInstance(error) && error.message).toBe(
                "The disk, or the space the database may take, is full.",
              );
            }
          },
          end: () => sessions.deleteOwner("ballast"),
          close: () => sessions.close(),
        };
      },
    },
  });
});
