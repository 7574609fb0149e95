import type { TLSSocket } from "node:tls";
import type { NodeIncoming } from "@parlor/http/node";
import proxyAddr from "proxy-addr";
import type { Trust } from "./config/trust-proxy.ts";

/** Who sent a request, and whether over TLS: by `X-Forwarded-For` and `X-Forwarded-Proto` where a trusted proxy wrote them, else by the socket. */
export function createClientAddress(trust: Trust = () => false) {
  return (incoming: NodeIncoming): { readonly ip: string | undefined; readonly secure: boolean } => {
    const { socket, headers } = incoming;
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return { ip: undefined, secure: false };
    const secure = (socket as TLSSocket).encrypted === true;
    if (!trust(remoteAddress, 0)) return { ip: remoteAddress, secure };
    const [protocol] = String(headers["x-forwarded-proto"] ?? "").split(",");
    return {
      ip: proxyAddr(incoming as Parameters<typeof proxyAddr>[0], trust),
      secure: protocol ? protocol.trim().toLowerCase() === "https" : secure,
    };
  };
}
