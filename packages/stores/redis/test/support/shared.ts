import { createClient } from "@redis/client";

const client = (url: string) =>
  createClient({ url, RESP: 2, socket: { connectTimeout: 1_000, reconnectStrategy: false } }).on("error", () => {});

/** The server that tests share, which they leave as they found it; undefined, and said so, when there is none. */
export async function sharedServer(): Promise<string | undefined> {
  const url = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
  const probe = client(url);
  try {
    await probe.connect();
    return url;
  } catch {
    console.warn("skipped: no Redis at REDIS_URL or 127.0.0.1:6379");
    return undefined;
  } finally {
    probe.destroy();
  }
}

/** Every key with this prefix. */
export async function keysOf(url: string, prefix: string): Promise<string[]> {
  const scanner = client(url);
  await scanner.connect();
  try {
    const keys: string[] = [];
    for await (const found of scanner.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 })) keys.push(...found);
    return keys;
  } finally {
    scanner.destroy();
  }
}

export async function deleteKeys(url: string, prefix: string): Promise<void> {
  const keys = await keysOf(url, prefix);
  const deleter = client(url);
  await deleter.connect();
  for (let at = 0; at < keys.length; at += 1_000) await deleter.unlink(keys.slice(at, at + 1_000));
  deleter.destroy();
}

/** Changes what the store keeps, behind its back. */
export async function setField(url: string, name: string, field: string, value: number): Promise<void> {
  const writer = client(url);
  await writer.connect();
  await writer.hSet(name, field, value);
  writer.destroy();
}

/** Everything under this prefix, names and contents, a line per key. */
export async function dump(url: string, prefix: string): Promise<string[]> {
  const reader = client(url);
  const names = await keysOf(url, prefix);
  await reader.connect();
  const reads: Record<string, (name: string) => readonly string[]> = {
    string: (name) => ["GET", name],
    hash: (name) => ["HGETALL", name],
    zset: (name) => ["ZRANGE", name, "0", "-1"],
    stream: (name) => ["XRANGE", name, "-", "+"],
  };
  try {
    return await Promise.all(
      names.map(async (name) => {
        const read = reads[await reader.type(name)];
        return `${name} ${JSON.stringify(read && (await reader.sendCommand(read(name))))}`;
      }),
    );
  } finally {
    reader.destroy();
  }
}
