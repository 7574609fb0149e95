export type { ProviderRequest } from "./request.ts";
export { fakeProvider } from "./server.ts";
export type { FakeProvider, FakeProviderOptions, ProviderReply } from "./server.ts";
export type { Wire } from "./wire.ts";
