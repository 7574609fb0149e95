import type { Call } from "./call.ts";
import { bucketName, bucketOf, buckets } from "./names.ts";
import { Queue } from "./queue.ts";

/** Who has sessions. An owner is in it before the first session is made, and until after the last one is gone. */
export class Registry {
  readonly #queue = new Queue();

  async add(call: Call, owner: string): Promise<void> {
    await this.#change(call, owner, (owners) => owners.add(owner));
  }

  async remove(call: Call, owner: string): Promise<void> {
    await this.#change(call, owner, (owners) => owners.delete(owner));
  }

  async bucket(call: Call, bucket: number): Promise<string[]> {
    return (await call.find<string[]>(bucketName(bucket))) ?? [];
  }

  async all(call: Call): Promise<string[]> {
    const names = Array.from({ length: buckets }, (_, bucket) => bucketName(bucket));
    return (await call.get<string[]>(names)).flatMap((owners) => owners ?? []);
  }

  #change(call: Call, owner: string, change: (owners: Set<string>) => unknown): Promise<void> {
    const bucket = bucketOf(owner);
    return this.#queue.run(String(bucket), async () => {
      const owners = new Set(await this.bucket(call, bucket));
      const before = owners.size;
      change(owners);
      if (owners.size === before) return;
      if (owners.size === 0) await call.delete([bucketName(bucket)]);
      else await call.set([[bucketName(bucket), JSON.stringify([...owners])]]);
    });
  }
}
