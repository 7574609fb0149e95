import { connect } from "node:net";
import { runStores, type SubjectName, subjectNames } from "@parlor/bench";
import { expect, it } from "vitest";

const redis = await reached(process.env["BENCH_REDIS"] ?? "redis://127.0.0.1:6379");
const postgres = await reached(process.env["BENCH_POSTGRES"] ?? "postgres://127.0.0.1:5432");

const served = (name: SubjectName) => (redis || !name.includes("Redis")) && (postgres || !name.includes("PostgreSQL"));

it.each(subjectNames.filter(served))(
  "%s runs its turns, and beside them its driver alone",
  { timeout: 60_000 },
  async (name) => {
    const { stores } = await runStores({ stores: [name], rounds: 1, turns: 3, atOnce: 2 });
    const { bare, ...figures } = stores.get(name) ?? expect.fail("no figures");
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
    expect(figures.beforeModel).toBeLessThan(figures.turn);
    expect(bare > 0).toBe(name !== "memory");
  },
);

async function reached(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const there = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
  socket.destroy();
  if (!there) console.warn(`left out: nobody answers at ${hostname}:${port}`);
  return there;
}
