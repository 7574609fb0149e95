export {
  says,
  scriptedBackend,
  type ScriptedBackend,
  type ScriptedCall,
  type ScriptedOptions,
  type Step,
} from "./scripted-backend.ts";
export { manualClock, type ManualClock } from "./manual-clock.ts";
