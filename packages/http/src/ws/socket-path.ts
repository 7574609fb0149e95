/** Where WebSockets are, below the mount: what attaches to a server must know which upgrades are Parlor's. */
export const socketPath = "/api/v1/chat/ws";
