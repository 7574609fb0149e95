import type { Capability, ModelInfo, ModelSettings, Part } from "../contracts/index.ts";
import { ChatError, type FieldError } from "../errors/index.ts";
import { charactersOf } from "../truncation/index.ts";
import type { TurnInput } from "./types.ts";

export const toolName = /^[A-Za-z0-9_-]{1,64}$/;

/** Throws `invalid_request` with every fault of a turn's input, before anything is claimed or stored. */
export function checkInput(input: TurnInput, maxMessageCharacters: number): void {
  const errors: FieldError[] = [];
  const fault = (path: string, message: string): void => void errors.push({ path, message });

  checkLength("owner", input.owner, 256, fault);
  if (input.session !== undefined) checkLength("session", input.session, 128, fault);
  if (input.idempotencyKey !== undefined) checkLength("idempotencyKey", input.idempotencyKey, 255, fault);
  if (input.messageId !== undefined) checkLength("messageId", input.messageId, 128, fault);

  const given = [input.message !== undefined, input.messages !== undefined, isAsked(input.regenerate)].filter(
    Boolean,
  ).length;
  if (given !== 1) fault("message", "give exactly one of message, messages and regenerate");
  checkMessages(input, maxMessageCharacters, fault);
  if (isAsked(input.regenerate) && input.session === undefined) fault("session", "regenerate needs one");
  if (input.editOf !== undefined) {
    if (input.session === undefined) fault("session", "editOf needs one");
    if (input.message === undefined) fault("message", "editOf needs what the message becomes");
  }
  if (input.message !== undefined) {
    const length = charactersOf({ role: "user", parts: toParts(input.message) });
    const media = typeof input.message !== "string" && input.message.some((part) => part.type !== "text");
    if (length === 0 && !media) fault("message", "must not be empty");
    if (length > maxMessageCharacters)
      fault("message", `has ${length} characters; at most ${maxMessageCharacters} are allowed`);
  }
  checkSettings(input.settings ?? {}, fault);
  if (errors.length > 0) {
    const detail = errors.map((error) => `${error.path}: ${error.message}`).join("; ");
    throw new ChatError("invalid_request", detail, { errors });
  }
}

const isAsked = (regenerate: TurnInput["regenerate"]) => regenerate !== undefined && regenerate !== false;

function checkMessages({ messages, session }: TurnInput, mostCharacters: number, fault: Fault): void {
  if (messages?.length === 0) fault("messages", "must not be empty");
  if (messages === undefined || session === undefined) return;
  messages.forEach((message, index) => {
    if (message.role !== "user" && message.role !== "tool")
      fault(`messages[${index}].role`, "a session brings its own history: give messages of the user and of tools");
    const length = charactersOf(message);
    if (length > mostCharacters)
      fault(`messages[${index}]`, `has ${length} characters; at most ${mostCharacters} are allowed`);
  });
}

/** Throws `unsupported_by_model` for what this model cannot do, `invalid_request` for tools that cannot be. */
export function checkCapabilities(
  { tools = [], responseFormat, message, messages = [] }: TurnInput,
  { model, capabilities }: ModelInfo,
  ours: { has(name: string): boolean },
): void {
  const names = tools.map(({ name }) => name);
  const odd = names.find((name, index) => !toolName.test(name) || ours.has(name) || names.indexOf(name) !== index);
  if (odd !== undefined) {
    const detail = "a tool needs a name of its own, of 1 to 64 characters of A-Z a-z 0-9 _ -";
    throw new ChatError("invalid_request", `tools: ${detail}`, { errors: [{ path: "tools", message: detail }] });
  }
  const need = (capability: Capability, what: string): void => {
    if (capabilities.includes(capability)) return;
    throw new ChatError("unsupported_by_model", `The model ${model} cannot ${what}. Ask another one, or leave it out.`);
  };
  if (tools.length > 0) need("tools", "call tools");
  if (responseFormat !== undefined) need("structured-output", "keep to a response format");
  for (const parts of [typeof message === "object" ? message : [], ...messages.map((each) => each.parts)]) {
    for (const { type } of parts) {
      if (type === "image") need("images", "see images");
      if (type === "file") need("files", "read files");
    }
  }
}

export function toParts(message: string | readonly Part[]): readonly Part[] {
  return typeof message === "string" ? [{ type: "text", text: message }] : message;
}

/** Throws `invalid_request` unless these can name a session. */
export function checkKey(owner: string, id?: string): void {
  const errors: FieldError[] = [];
  const fault = (path: string, message: string): void => void errors.push({ path, message });
  checkLength("owner", owner, 256, fault);
  if (id !== undefined) checkLength("id", id, 128, fault);
  if (errors[0]) throw new ChatError("invalid_request", `${errors[0].path}: ${errors[0].message}`, { errors });
}

type Fault = (path: string, message: string) => void;

function checkLength(path: string, value: unknown, most: number, fault: Fault): void {
  if (typeof value !== "string" || value.length === 0 || value.length > most) {
    fault(path, `must be a string of 1 to ${most} characters`);
  } else if (value.includes("\0") || !value.isWellFormed()) {
    // Stores and protocols encode these differently or not at all: two ids could become one.
    fault(path, "must be well-formed Unicode without NUL");
  }
}

/** Names each setting that is out of its range. */
export function checkSettings(settings: ModelSettings, fault: Fault): void {
  const range = (
    name: "temperature" | "topP" | "topK" | "maxTokens" | "presencePenalty" | "frequencyPenalty",
    least: number,
    most: number,
    whole = false,
  ): void => {
    const value = settings[name];
    if (value === undefined || (value >= least && value <= most && (!whole || Number.isInteger(value)))) return;
    fault(
      `settings.${name}`,
      `must be ${whole ? "a whole number" : "a number"} from ${least}${most === Infinity ? " up" : ` to ${most}`}`,
    );
  };
  range("temperature", 0, 2);
  range("topP", 0, 1);
  range("topK", 0, Infinity, true);
  range("maxTokens", 1, Infinity, true);
  range("presencePenalty", -2, 2);
  range("frequencyPenalty", -2, 2);
}
