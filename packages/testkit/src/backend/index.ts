export { backendConformance } from "./conformance.ts";
export { localBackendConformance } from "./local/conformance.ts";
export type { LocalBackendConformanceOptions, LocalModel } from "./local/suite.ts";
export { failureCodes } from "./suite.ts";
export type {
  Answer,
  Asked,
  AskedMedia,
  AskedMessage,
  BackendConformanceOptions,
  BackendGap,
  BackendSettings,
  Failure,
  FailureCode,
  ProviderFixtures,
  Recorded,
  Said,
} from "./suite.ts";
