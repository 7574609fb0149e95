export { backendConformance } from "./conformance.ts";
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
