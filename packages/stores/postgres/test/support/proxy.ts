import { connect, createServer, type Socket } from "node:net";

/** Stands between a store and its server, and can lose an answer on the way. */
export interface Proxy {
  readonly port: number;
  /** The next answer does not arrive: the server has done what it was asked, and the connection breaks. */
  loseNextAnswer(): void;
  /** How many answers were lost. */
  readonly lost: number;
  /** Where new connections go from now on, as a name does that leads elsewhere after a failover. */
  retarget(port: number): void;
  close(): Promise<void>;
}

export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let target = port;
  let lose = false;
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    let doomed = false;
    const close = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", close);
      socket.on("close", () => {
        sockets.delete(socket);
        close();
      });
    }
    client.on("data", (bytes) => {
      if (lose) {
        lose = false;
        doomed = true;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (!doomed) return void client.write(bytes);
      lost += 1;
      close();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: address && typeof address === "object" ? address.port : 0,
    loseNextAnswer: () => {
      lose = true;
    },
    retarget: (to) => {
      target = to;
    },
    get lost() {
      return lost;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
