import type { HttpTopic } from "../suite.ts";
import { admin } from "./admin.ts";
import { conversationTurns } from "./conversation-turns.ts";
import { conversations } from "./conversations.ts";
import { cors } from "./cors.ts";
import { credentials } from "./credentials.ts";
import { docs } from "./docs.ts";
import { health } from "./health.ts";
import { hostile } from "./hostile.ts";
import { hosts } from "./hosts.ts";
import { limits } from "./limits.ts";
import { metrics } from "./metrics.ts";
import { openai } from "./openai.ts";
import { owners } from "./owners.ts";
import { readers } from "./readers.ts";
import { refusals } from "./refusals.ts";
import { responses } from "./responses.ts";
import { resuming } from "./resuming.ts";
import { simple } from "./simple.ts";
import { socketAbuse } from "./socket-abuse.ts";
import { socketAccess } from "./socket-access.ts";
import { socketResuming } from "./socket-resuming.ts";
import { revocation } from "./revocation.ts";
import { sockets } from "./sockets.ts";
import { stop } from "./stop.ts";
import { turns } from "./turns.ts";
import { uiStream } from "./ui-stream.ts";
import { uiVersions } from "./ui-versions.ts";
import { v1 } from "./v1.ts";

export const topics: readonly HttpTopic[] = [
  v1,
  stop,
  simple,
  conversations,
  openai,
  responses,
  uiStream,
  uiVersions,
  conversationTurns,
  health,
  metrics,
  docs,
  refusals,
  hostile,
  credentials,
  admin,
  limits,
  turns,
  resuming,
  owners,
  cors,
  hosts,
  readers,
  sockets,
  socketResuming,
  socketAccess,
  socketAbuse,
  revocation,
];
