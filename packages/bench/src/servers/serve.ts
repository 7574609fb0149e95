import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { Session } from "node:inspector/promises";
import type { AddressInfo } from "node:net";

/** What every server gets: one POST, `/api/v1/chat`. */
export interface Asked {
  readonly message: string;
  readonly session_id: string;
  readonly stream: boolean;
}

export type Question =
  | { readonly ask: "cpu" | "startProfile" }
  | { readonly ask: "endProfile"; /** Where the .cpuprofile goes. */ readonly path: string };

/** The provider's base URL, `/v1` included. */
export const providerUrl: string = process.env["BENCH_PROVIDER"] ?? "";
export const model = "bench";

/** Reads a request's body as the least that does. */
export function readAsked(incoming: IncomingMessage, then: (asked: Asked) => void): void {
  let text = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (part: string) => (text += part));
  incoming.on("end", () => then(JSON.parse(text) as Asked));
}

/** Serves until the harness goes: tells it the port, and then how much CPU time this process has had so far. */
export async function serve(listener: RequestListener): Promise<void> {
  const inspector = new Session();
  const answers = {
    // User and system time of all threads, in microseconds: collecting garbage counts too.
    cpu: () => Promise.resolve(process.cpuUsage()).then(({ user, system }) => user + system),
    async startProfile() {
      inspector.connect();
      await inspector.post("Profiler.enable");
      await inspector.post("Profiler.setSamplingInterval", { interval: 250 });
      await inspector.post("Profiler.start");
    },
    async endProfile(path: string) {
      const { profile } = await inspector.post("Profiler.stop");
      inspector.disconnect();
      await writeFile(path, JSON.stringify(profile));
    },
  };
  process.on("disconnect", () => process.exit());
  process.on("message", (question: Question) => {
    const answer = question.ask === "endProfile" ? answers.endProfile(question.path) : answers[question.ask]();
    void answer.then((value) => process.send?.(value ?? "done"));
  });
  const server = createServer(listener).listen({ port: 0, host: "127.0.0.1", backlog: 8192 });
  await once(server, "listening");
  process.send?.((server.address() as AddressInfo).port);
}
