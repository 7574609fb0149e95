import type { Server } from "./server.ts";

export interface Cost {
  /** How often each command ran, in scripts too. */
  readonly commands: Readonly<Record<string, number>>;
  /** Bytes that the server was sent, and that it sent. */
  readonly received: number;
  readonly sent: number;
}

/** What `work` costs the server; nobody else may use it meanwhile. */
export async function costOf(server: Server, work: () => Promise<unknown>): Promise<Cost> {
  await server.command("CONFIG", "RESETSTAT");
  await work();
  const info = String(await server.command("INFO", "all"));
  const commands: Record<string, number> = {};
  for (const [, name = "", calls] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    if (!/^(config|info|ping|client|select|hello)/.test(name)) commands[name] = Number(calls);
  const stat = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1]);
  return { commands, received: stat("total_net_input_bytes"), sent: stat("total_net_output_bytes") };
}
