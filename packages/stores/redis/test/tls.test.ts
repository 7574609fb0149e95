import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { redis } from "@parlor/redis";
import { afterAll, describe, expect, it } from "vitest";
import { closeAll, key, outcomeOf } from "./support/samples.ts";
import { canStartServers, freePort, servers } from "./support/server.ts";

const directory = mkdtempSync(join(tmpdir(), "parlor-redis-tls-"));
const [privateKey, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")];
const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
const names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", privateKey, "-out", certificate];
const made = spawnSync("openssl", [...request.split(" "), ...names]);
if (made.status !== 0) console.warn("skipped: there is no openssl to make a certificate");

describe.skipIf(!canStartServers || made.status !== 0)("over TLS", () => {
  const start = servers();
  afterAll(() => rmSync(directory, { recursive: true }));

  it("a server is trusted by its certificate, and only then", async () => {
    const port = await freePort();
    const files = ["--tls-cert-file", certificate, "--tls-key-file", privateKey, "--tls-auth-clients", "no"];
    await start("--tls-port", String(port), ...files);
    const url = `rediss://127.0.0.1:${port}`;
    const trusting = redis({ url, tls: { ca: readFileSync(certificate) } });
    expect(await outcomeOf(trusting.sessions.create(key(), {}))).toBe("ok");
    const wary = redis({ url, timeoutMs: 500 });
    await expect(wary.sessions.get(key())).rejects.toMatchObject({
      code: "store_unavailable",
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    await Promise.all([trusting, wary].map(closeAll));
  });
});
