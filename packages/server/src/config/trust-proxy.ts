import { compile } from "proxy-addr";

/** Whether the server that sent a request through may say for whom; `hop`: how many are between it and us. */
export type Trust = (address: string, hop: number) => boolean;

/** Reads a number of proxies, or the addresses and networks that are trusted; undefined when it is neither. */
export function toTrust(value: string): Trust | undefined {
  if (/^\d{1,2}$/.test(value)) return (_, hop) => hop < Number(value);
  const parts = value.split(",").map((part) => part.trim());
  // A bare number would be read as an address.
  if (parts.some((part) => !/[.:]|^(?:loopback|linklocal|uniquelocal)$/.test(part))) return undefined;
  try {
    return compile(parts);
  } catch {
    return undefined;
  }
}
