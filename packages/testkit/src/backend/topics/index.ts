import type { BackendTopic } from "../suite.ts";
import { aborting } from "./aborting.ts";
import { bounds } from "./bounds.ts";
import { capabilities } from "./capabilities.ts";
import { closing } from "./closing.ts";
import { cuts } from "./cuts.ts";
import { deadlines } from "./deadlines.ts";
import { failures } from "./failures.ts";
import { framing } from "./framing.ts";
import { formats } from "./formats.ts";
import { media } from "./media.ts";
import { prompts } from "./prompts.ts";
import { retries } from "./retries.ts";
import { secrets } from "./secrets.ts";
import { text } from "./text.ts";
import { tools } from "./tools.ts";
import { usage } from "./usage.ts";

export const topics: readonly BackendTopic[] = [
  capabilities,
  text,
  usage,
  prompts,
  tools,
  formats,
  media,
  framing,
  cuts,
  bounds,
  failures,
  retries,
  aborting,
  deadlines,
  secrets,
  closing,
];
