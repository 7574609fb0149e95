export { toPromptMessages } from "./prompt-messages.ts";
export { tool, type Tool, type ToolContext, ToolError, type ToolInputSchema, type ToolOptions } from "./tool.ts";
