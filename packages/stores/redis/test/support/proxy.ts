import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Proxy {
  readonly url: string;
  /** Connections that were cut after the server had answered and before anybody heard it. */
  readonly lost: number;
  /** How often somebody asked and waited for the answer, pings left out. */
  readonly rounds: number;
  /** The next answer to a script is lost with its connection. */
  loseNextAnswer(): void;
  /** Where new connections go from now on, as a name that leads elsewhere after a failover. */
  retarget(port: number): void;
  /** From now on nothing goes through any more, and no connection ends: a cable is unplugged. */
  swallow(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let target = port;
  let lost = 0;
  let rounds = 0;
  let losing = false;
  let swallowing = false;
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    let asked = false;
    let waiting = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        if (!swallowing) for (const other of [client, upstream]) other.destroy();
      });
    }
    client.on("data", (data) => {
      if (swallowing) return;
      asked ||= losing && data.includes("EVAL");
      if (!waiting && !data.includes("PING")) rounds++;
      waiting = true;
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (swallowing) return;
      waiting = false;
      // The answer to the script itself, not that it is unknown yet.
      if (losing && asked && !data.includes("NOSCRIPT")) {
        losing = false;
        lost++;
        client.destroy();
      } else client.write(data);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lost() {
      return lost;
    },
    get rounds() {
      return rounds;
    },
    loseNextAnswer: () => void (losing = true),
    retarget: (to) => void (target = to),
    swallow: () => void (swallowing = true),
    restore: () => {
      swallowing = false;
      cut();
    },
    async close() {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}
