import * as bcrypt from "@node-rs/bcrypt";
import { createChatEngine } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { expect, test, vi } from "vitest";
import { accounts } from "../../src/accounts/index.ts";

vi.mock("@node-rs/bcrypt", { spy: true });

test("P29: whatever is wrong with a login, one hash of the same cost is computed, off the event loop", async () => {
  const engine = createChatEngine({ backend: scriptedBackend([]) });
  const password = "correct horse battery";
  const made = await accounts(engine, { secret: "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa", password });
  const verify = vi.mocked(bcrypt.verify);
  const costs = async (credentials: { username: string; password: string }) => {
    verify.mockClear();
    await made.accounts.login(credentials, "address:unknown").catch(() => {});
    return verify.mock.calls.map(([, hash]) => bcrypt.parseOptions(hash).cost);
  };
  expect(await costs({ username: "admin", password })).toEqual([12]);
  expect(await costs({ username: "admin", password: "wrong" })).toEqual([12]);
  expect(await costs({ username: "nobody", password })).toEqual([12]);
  await engine.storage.records.delete("admin:credentials", "admin");
  expect(await costs({ username: "admin", password })).toEqual([12]);
  expect(vi.mocked(bcrypt.hashSync)).not.toHaveBeenCalled();
  expect(vi.mocked(bcrypt.verifySync)).not.toHaveBeenCalled();
});
