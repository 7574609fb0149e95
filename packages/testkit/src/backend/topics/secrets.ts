import assert from "node:assert/strict";
import { inspect } from "node:util";
import { secret } from "../stage.ts";
import { type BackendCase, type BackendTopic, check } from "../suite.ts";

/** Refused when the backend is made, or failing when it is asked; shown in neither. */
const neverShown = (what: string, apiKey: string): BackendCase =>
  check(`T37: a key with ${what} is never shown`, async ({ ask, make }) => {
    let thrown: unknown;
    try {
      const { error } = await ask({ backend: await make({ apiKey }) });
      thrown = error;
    } catch (error) {
      thrown = error;
    }
    const shown = inspect(thrown, { depth: 10, showHidden: true });
    for (const part of apiKey.split(/[^\w-]/))
      assert.ok(!/\w/.test(part) || !shown.includes(part), `"${part}" is shown`);
    assert.ok(thrown instanceof Error, "such a key works for nobody");
  });

export const secrets: BackendTopic = {
  name: "the key",
  cases: [
    neverShown("a line break", `${secret}\nsk-second-line`),
    neverShown("letters that no header takes", `${secret}-ключ-日本`),

    check("T37: is sent, and is not part of what a backend tells of itself", async ({ ask, backend, fake }) => {
      await ask();
      const request = await fake.request(0);
      assert.ok(JSON.stringify(request.headers).includes(secret), "the provider gets the key in a header");
      assert.ok(!`${request.path}?${request.query}`.includes(secret), "the key is in the address");
      assert.ok(!request.text.includes(secret), "the key is in the body");
      const told = inspect([backend.info, await backend.health(new AbortController().signal)], { depth: 10 });
      assert.ok(!told.includes(secret), "the key is shown");
    }),
  ],
};
