export { listener, type ListenerOptions } from "./listener.ts";
export { NodeRequest, type NodeContext, type NodeIncoming, type NodeOutgoing } from "./request.ts";
export { respond, send } from "./respond.ts";
export { attach, type AttachOptions, type UpgradeServer } from "./attach.ts";
