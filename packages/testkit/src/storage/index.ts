export {
  type ConformanceOptions,
  type Runner,
  storageConformance,
  type StoreOptions,
  type Subject,
} from "./conformance.ts";
export { type FaultOptions, type FaultSubject, storageFaults } from "./faults.ts";
export type { Bounds, Capability, PartName } from "./topic.ts";
