export { backendConformance } from "./conformance.ts";
export { localBackendConformance } from "./local/conformance.ts";
export type { LocalBackendConformanceOptions, LocalModel } from "./local/suite.ts";
export { gather, says } from "./stage.ts";
export { failureCodes } from "./suite.ts";
export type {
  Answer,
  AskOptions,
  Asked,
  AskedMedia,
  AskedMessage,
  BackendConformanceOptions,
  BackendGap,
  BackendSettings,
  Failure,
  FailureCode,
  Outcome,
  ProviderFixtures,
  Recorded,
  Said,
} from "./suite.ts";
