import { ChatError, type BackendEvent } from "@parlor/core";
import { toToolInput } from "@parlor/wire";

/** One fragment as it comes: id and name in a call's first one, `arguments` in pieces. */
export interface CallFragment {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null;
}

interface Call {
  id: string;
  name: string;
  input: string;
}

/** Arguments of all calls of an answer together. */
const maxCharacters = 4_194_304;

/** Puts tool calls together from their fragments. */
export class ToolCalls {
  readonly #calls: Call[] = [];
  readonly #byIndex = new Map<number, Call>();
  #characters = 0;

  get size(): number {
    return this.#calls.length;
  }

  add(fragment: CallFragment, position: number): void {
    const index = fragment.index ?? position;
    const { id, function: called } = fragment;
    let call = this.#byIndex.get(index);
    // Some servers number all parallel calls 0: another id is another call.
    if (call === undefined || (id && call.id !== "" && id !== call.id)) {
      call = { id: "", name: "", input: "" };
      this.#calls.push(call);
      this.#byIndex.set(index, call);
    }
    if (id) call.id = id;
    if (called?.name) call.name = called.name;
    const given = called?.arguments;
    const piece = typeof given === "string" ? given : given ? JSON.stringify(given) : "";
    call.input += piece;
    this.#characters += piece.length + 64;
    if (this.#characters > maxCharacters) {
      throw new ChatError("answer_too_long", "The model's tool calls exceed the size limit.");
    }
  }

  /** Every call, whole. Arguments that are not JSON stay the text they are. Throws `upstream_invalid` for one without a name. */
  events(): BackendEvent[] {
    return this.#calls.map(({ id, name, input }, position) => {
      if (name === "") throw new ChatError("upstream_invalid", "The model called a tool without naming it.");
      return { type: "tool-call", id: id === "" ? `call_${position}` : id, name, input: toToolInput(input) };
    });
  }
}
