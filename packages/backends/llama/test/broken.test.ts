import type { BackendEvent, GenerateRequest, ModelBackend } from "@parlor/core";
import { localBackendConformance } from "@parlor/testkit/backend";
import { expect, test } from "vitest";
import { play } from "./support.ts";

/** The local model, with one promise broken. */
interface Broken {
  readonly name: string;
  readonly asks?: (request: GenerateRequest) => GenerateRequest;
  readonly says?: (batch: readonly BackendEvent[]) => readonly BackendEvent[];
  readonly keeps?: boolean;
  /** The case that has to fail. */
  readonly noticedBy: string;
}

const without = (request: GenerateRequest, field: "responseFormat" | "toolChoice"): GenerateRequest => {
  const { [field]: _, ...rest } = request;
  return rest;
};
const halves = (event: BackendEvent): readonly BackendEvent[] =>
  event.type === "text"
    ? [event.text.slice(0, 1), event.text.slice(1)].map((text) => ({ type: "text", text }))
    : [event];

const broken: readonly Broken[] = [
  {
    name: "nothing is counted",
    says: (batch) => batch.filter(({ type }) => type !== "usage"),
    noticedBy: "comes whole and in order, then usage and one finish",
  },
  { name: "text comes in crumbs", says: (batch) => batch.flatMap(halves), noticedBy: "of one batch is one event" },
  {
    name: "the system prompt is lost",
    asks: (request) => ({ ...request, messages: request.messages.filter(({ role }) => role !== "system") }),
    noticedBy: "depends on all of the conversation, the system prompt too",
  },
  {
    name: "the end is always a good one",
    says: (batch) => batch.map((event) => (event.type === "finish" ? { type: "finish", reason: "stop" } : event)),
    noticedBy: "that are cut off are not complete",
  },
  {
    name: "the format is ignored",
    asks: (request) => without(request, "responseFormat"),
    noticedBy: "keep to a schema, and are text",
  },
  {
    name: "the choice of a tool is ignored",
    asks: (request) => without(request, "toolChoice"),
    noticedBy: "are called where one must be, and the one that is named",
  },
  {
    name: "a signal is never let go",
    keeps: true,
    noticedBy: "by itself leaves no listener on a signal that lives on",
  },
];

function breakIt(backend: ModelBackend, { asks, says, keeps }: Broken): ModelBackend {
  return {
    ...backend,
    async *generate(request, signal) {
      if (keeps) signal.addEventListener("abort", () => {});
      for await (const batch of backend.generate(asks?.(request) ?? request, signal)) yield says?.(batch) ?? batch;
    },
  };
}

test.each(broken)("a backend in which $name is refused", async (one) => {
  let judged: (() => Promise<void>) | undefined;
  localBackendConformance({
    name: "subject",
    create: async (model) => breakIt(await play(model), one),
    lacks: ["images", "files"],
    runner: {
      describe: (_name, body) => body(),
      it: (name, body) => {
        if (name === one.noticedBy) judged = body;
      },
      skip: () => {},
    },
  });
  await expect(judged?.()).rejects.toBeInstanceOf(Error);
});
