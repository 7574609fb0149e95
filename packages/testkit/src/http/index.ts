export { httpConformance } from "./conformance.ts";
export { fetchRuntime, socketRuntime, type UpgradeWebSocket } from "./fetch-runtime.ts";
export { listen } from "./listen.ts";
export { account } from "./site.ts";
export { connect, contentOf, type Frame, type SocketAsked, type SocketClient } from "./socket.ts";
export { chunksOf, collect, readEvents, type ServerEvent, textOf } from "./server-events.ts";
export type {
  Authenticate,
  HostOptions,
  HttpCapability,
  HttpConformanceOptions,
  ParlorOptions,
  Principal,
  Served,
} from "./suite.ts";
