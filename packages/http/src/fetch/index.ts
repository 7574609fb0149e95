export { toHttpRequest, type FetchContext } from "./request.ts";
export { type FetchOptions, respond, toFetch, toResponse } from "./respond.ts";
export { takeOverOf } from "../take-over.ts";
export {
  asksForWebSocket,
  listenTo,
  type StandardWebSocket,
  type WebSocketLike,
  type WebSocketListeners,
  webSocketListeners,
} from "./web-socket.ts";
