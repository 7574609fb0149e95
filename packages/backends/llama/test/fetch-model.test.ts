import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeTinyGguf } from "@parlor/testkit/gguf";
import { expect, onTestFinished, test } from "vitest";
import { fetchModel, isModelUri, llama } from "../src/index.ts";

/** Serves one model, in pieces too, as file servers do. */
async function serveModel() {
  const directory = mkdtempSync(join(tmpdir(), "parlor-models-"));
  const file = join(directory, "original.gguf");
  await writeTinyGguf(file);
  const bytes = readFileSync(file);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/silent.gguf") return;
    if (!request.url?.startsWith("/some/tiny.gguf")) return void response.writeHead(404).end();
    const [, from = "0", to = String(bytes.length - 1)] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
    const piece = bytes.subarray(Number(from), Number(to) + 1);
    const range = request.headers.range ? { "content-range": `bytes ${from}-${to}/${bytes.length}` } : {};
    response.writeHead(request.headers.range ? 206 : 200, {
      "accept-ranges": "bytes",
      "content-length": piece.length,
      ...range,
    });
    response.end(request.method === "HEAD" ? undefined : piece);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes,
    asked,
    directory: join(directory, "models"),
  };
}

test("a model is fetched once, whole, and answers", async () => {
  const { url, bytes, directory } = await serveModel();
  const seen: number[] = [];
  const onProgress = ({ downloadedSize }: { readonly downloadedSize: number }) => void seen.push(downloadedSize);
  const path = await fetchModel(`${url}/some/tiny.gguf`, { directory, onProgress });
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(seen.at(-1)).toBe(bytes.length);
  expect(await fetchModel(`${url}/some/tiny.gguf`, { directory })).toBe(path);
  const backend = await llama({ modelPath: path, gpu: false });
  expect(backend.info.model).toBe("tiny");
  await backend.close();
});

test("what cannot be had is said in a sentence that shows neither token nor query", async () => {
  const { url, directory } = await serveModel();
  const failure = await fetchModel(`${url}/none.gguf?key=canary`, { directory, token: "canary" }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: "backend_unavailable",
    message: expect.stringMatching(/could not be fetched/),
  });
  expect(String(failure)).not.toContain("canary");
});

test("a server that says nothing is given up", async () => {
  const { url, directory } = await serveModel();
  const silent = fetchModel(`${url}/silent.gguf`, { directory, stallMs: 200 });
  await expect(silent).rejects.toMatchObject({ code: "backend_unavailable" });
});

test.each([
  ["hf:user/repo:Q4_K_M", true],
  ["hf:user/repo/file.gguf", true],
  ["https://models.example.com/a.gguf", true],
  ["https://user:secret@models.example.com/a.gguf", false],
  ["file:///etc/passwd", false],
  ["../a.gguf", false],
  ["hf:user", false],
])("%s is an address of a model: %s", async (uri, expected) => {
  expect(isModelUri(uri)).toBe(expected);
  if (!expected) await expect(fetchModel(uri)).rejects.toThrow(TypeError);
});
