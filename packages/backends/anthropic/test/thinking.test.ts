import { describe, expect, it } from "vitest";
import type { ModelSettings, ToolChoice } from "@parlor/core";
import type { AnthropicOptions } from "@parlor/anthropic";
import { factsOf, nearestEffort } from "../src/models.ts";
import { resolveOptions } from "../src/options.ts";
import { toBody } from "../src/request.ts";
import { says } from "./support.ts";

function asked(model: string, settings: ModelSettings, options: Partial<AnthropicOptions> = {}, choice?: ToolChoice) {
  const request = { messages: [says("Hi")], settings, tools: [{ name: "f", inputSchema: { type: "object" } }] };
  const resolved = resolveOptions({ model, baseURL: "http://localhost", ...options });
  const { thinking, output_config: output } = toBody(
    { ...request, ...(choice !== undefined && { toolChoice: choice }) },
    resolved,
  );
  return { thinking, effort: output?.effort };
}

const adaptive = { type: "adaptive", display: "summarized" };
const disabled = { type: "disabled" };
const none = undefined;
const budget = (tokens: number) => ({ type: "enabled", budget_tokens: tokens });

describe("thinking", () => {
  it.each([
    ["claude-opus-5-5", {}, adaptive, none],
    ["claude-opus-5-5", { thinking: true }, adaptive, none],
    ["claude-opus-5-5", { thinking: false }, adaptive, "low"],
    ["claude-fable-5-2", { effort: "none" }, adaptive, "low"],
    ["claude-fable-5-1", { effort: "xhigh" }, adaptive, "xhigh"],
    ["claude-sonnet-5-5", {}, adaptive, none],
    ["claude-sonnet-5-5", { thinking: false }, { type: "between_tools" }, none],
    ["claude-haiku-5-5", { thinking: false, effort: "max" }, disabled, "high"],
    ["claude-opus-5", { thinking: false, effort: "low" }, disabled, "low"],
    ["claude-sonnet-5", { effort: "minimal" }, adaptive, "low"],
    ["claude-haiku-5-5", { maxTokens: 500 }, disabled, none],
    ["claude-opus-5-5", { maxTokens: 500 }, adaptive, "low"],
    ["claude-sonnet-5-5", { maxTokens: 500, thinking: true }, adaptive, none],
    ["claude-haiku-5-5", { maxTokens: 4000 }, adaptive, none],
    ["somebody-else", { maxTokens: 500 }, none, none],
    ["claude-opus-4-8", {}, none, none],
    ["claude-opus-4-8", { thinking: true }, adaptive, none],
    ["claude-opus-4-8", { thinking: false }, none, none],
    ["claude-opus-4-7", { effort: "high" }, adaptive, "high"],
    ["claude-opus-4-6", { effort: "xhigh" }, adaptive, "high"],
    ["claude-opus-4-6", { effort: "max" }, adaptive, "max"],
    ["claude-opus-4-5", { effort: "max" }, budget(48_000), "high"],
    ["claude-haiku-4-5", {}, none, none],
    ["claude-haiku-4-5", { thinking: true }, budget(8192), none],
    ["claude-haiku-4-5", { effort: "minimal" }, budget(1024), none],
    ["claude-haiku-4-5", { effort: "low", thinking: false }, none, none],
    ["claude-haiku-4-5", { thinking: true, maxTokens: 4000 }, budget(3000), none],
    ["claude-haiku-4-5", { thinking: true, maxTokens: 1000 }, none, none],
    ["claude-next-9", { effort: "max" }, adaptive, "max"],
    ["somebody-else", {}, none, none],
    ["somebody-else", { thinking: true }, budget(6144), none],
    ["somebody-else", { thinking: false }, disabled, none],
  ] as const)("of %s with %j is %j, effort %j", (model, settings, thinking, effort) => {
    expect(asked(model, settings)).toEqual({ thinking, effort });
  });

  it("can be silent", () => {
    expect(asked("claude-opus-5-5", {}, { thoughts: "omitted" }).thinking).toEqual({
      type: "adaptive",
      display: "omitted",
    });
  });

  it.each([
    ["claude-haiku-5-5", disabled],
    ["claude-opus-4-8", none],
    ["claude-haiku-4-5", none],
  ])("does not go with a call that must be made: %s", (model, thinking) => {
    expect(asked(model, { thinking: true }, {}, "required").thinking).toEqual(thinking);
    expect(asked(model, { thinking: true }, {}, { tool: "f" }).thinking).toEqual(thinking);
  });

  it.each(["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5"])("of %s excludes such a call", (model) => {
    expect(() => asked(model, {}, {}, "required")).toThrow(expect.objectContaining({ code: "unsupported_by_model" }));
    expect(asked(model, {}, {}, "auto").thinking).toEqual(adaptive);
  });
});

describe("the facts of a model", () => {
  it.each([
    ["claude-opus-5-5", 1_000_000, 128_000, 4],
    ["anthropic/claude-sonnet-5-5", 1_000_000, 128_000, 2],
    ["us.anthropic.claude-opus-4-5-20251101-v1:0", 200_000, 64_000, 5],
    ["claude-opus-4-1-20250805", 200_000, 32_000, 15],
    ["claude-haiku-5-5", 1_000_000, 128_000, 0.1],
    ["claude-something-new", 1_000_000, 128_000, undefined],
    ["MiniMax-M2.5", 204_800, 64_000, undefined],
    ["other", 128_000, 8192, undefined],
  ])("%s has %d tokens, %d of an answer, and costs %j", (model, contextWindow, maxOutput, input) => {
    const { prices, ...facts } = factsOf(model);
    expect([facts.contextWindow, facts.maxOutput, prices?.input]).toEqual([contextWindow, maxOutput, input]);
  });

  it("tell that a long prompt costs more, where it does", () => {
    const above = { inputTokens: 100_000, input: 0.5, output: 2.5, cachedInput: 0.05 };
    expect(factsOf("claude-haiku-5-5").prices).toMatchObject({ input: 0.1, output: 0.5, cachedInput: 0.01, above });
    expect(factsOf("claude-opus-5-5").prices).not.toHaveProperty("above");
  });

  it("tell the nearest effort", () => {
    expect(nearestEffort(["low", "medium", "high"], "max")).toBe("high");
    expect(nearestEffort(["medium", "high"], "low")).toBe("medium");
    expect(nearestEffort([], "high")).toBeUndefined();
  });
});
