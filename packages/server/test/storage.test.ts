import { connect } from "node:net";
import { expect, test } from "vitest";
import { runCli, urlOf } from "./support/cli.ts";
import { fakeModel } from "./support/serve.ts";

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
  });

const stores = [
  { name: "PostgreSQL", port: 5432, set: { DATABASE_URL: "postgresql://postgres@127.0.0.1:5432/test" } },
  { name: "Redis", port: 6379, set: { REDIS_URL: "redis://127.0.0.1:6379" } },
  {
    name: "PostgreSQL, live turns in Redis",
    port: 6379,
    set: { DATABASE_URL: "postgresql://postgres@127.0.0.1:5432/test", REDIS_URL: "redis://127.0.0.1:6379" },
  },
];

test.for(stores)("two processes share $name", async ({ name, port, set }, { skip }) => {
  skip(!(await answers(port)) || !(await answers(5432)), `nothing listens on 127.0.0.1:${port}`);
  const { variables } = await fakeModel();
  const [one, two] = await Promise.all([
    urlOf(runCli({ ...variables, ...set })),
    urlOf(runCli({ ...variables, ...set })),
  ]);
  const session = `test-${crypto.randomUUID()}`;
  const stream = await fetch(`${one}/api/v1/chat/stream?message=Hello&session_id=${session}`);
  expect(await stream.text()).toContain("event: done");
  const history = (await (await fetch(`${two}/history/${session}`)).json()) as object;
  expect(history).toMatchObject({
    turn_count: 1,
    messages: [{ content: "Hello" }, { content: "Hello from the fake." }],
  });
  expect(await (await fetch(`${two}/health`)).json()).toMatchObject({
    redis_healthy: name.includes("Redis") ? true : null,
  });
  expect((await fetch(`${two}/history/${session}`, { method: "DELETE" })).status).toBe(200);
});

test.for([
  ["DATABASE_URL", "postgresql://user:canary-password@127.0.0.1:1/chat"],
  ["REDIS_URL", "redis://user:canary-password@127.0.0.1:1"],
  ["SQLITE_PATH", "/nowhere/at/all.db"],
] as const)("a %s that nothing answers at stops the start with a sentence that names it", async ([variable, value]) => {
  const cli = runCli({ PORT: "0", [variable]: value });
  expect(await cli.exited).toBe(1);
  expect(cli.output.stderr).toMatch(/^parlor: (DATABASE_URL|REDIS_URL|\/nowhere\/at\/all\.db): .+\n$/);
  expect(cli.output.stderr + cli.output.stdout).not.toContain("canary");
});
