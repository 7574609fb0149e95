import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { makeTinyGguf, type TinyGgufOptions } from "./make-tiny-gguf.ts";

/** Writes {@link makeTinyGguf}'s file. Whoever reads the path meanwhile sees the old file or the new one, never half of it. */
export async function writeTinyGguf(path: string, options: TinyGgufOptions = {}): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(unfinished, makeTinyGguf(options));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
