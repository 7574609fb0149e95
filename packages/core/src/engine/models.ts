import type { Clock, Deadlines, ModelBackend, ModelInfo, ModelSettings, Storage } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import type { Settled } from "./options.ts";
import type { Models, TurnInput } from "./types.ts";

/** A model as turns use it: with what the engine's options say over its own defaults. */
export interface Model {
  readonly tag: string;
  readonly backend: ModelBackend;
  readonly settings: ModelSettings;
  readonly deadlines: Deadlines;
}

/** Where the current model is kept, and where nodes tell each other that it has changed. */
const setting = { kind: "settings", id: "model" } as const;
const modelTopic = "model";
/** How long a node may not know of a swap that it was not told of. */
const rereadMs = 5_000;

/** The engine's models by tag, and which of them turns get that name none: the same on every node of a storage. */
export class ModelRegistry implements Models {
  readonly #models: ReadonlyMap<string, Model>;
  readonly #first: Model;
  readonly #storage: Storage;
  readonly #report: Settled["report"];
  #current: Model;
  #loading: Promise<void> | undefined;
  #loaded: boolean;

  constructor(options: Settled) {
    const { backend, models, storage, report } = options;
    this.#models = new Map(
      [[backend.info.model, backend] as const, ...Object.entries(models)].map(([tag, each]) => [
        tag,
        {
          tag,
          backend: each,
          settings: { ...each.info.defaults, ...options.settings },
          deadlines: { ...options.deadlines, ...each.info.deadlines, ...options.ownDeadlines },
        },
      ]),
    );
    this.#first = this.#current = this.#models.get(backend.info.model) as Model;
    this.#storage = storage;
    this.#report = report;
    // Of one model there is nothing to choose: its engine asks no store.
    this.#loaded = this.#models.size === 1;
  }

  get current(): string {
    return this.#current.tag;
  }

  get currentModel(): Model {
    return this.#current;
  }

  list(): readonly { readonly tag: string; readonly info: ModelInfo }[] {
    return Array.from(this.#models.values(), ({ tag, backend }) => ({ tag, info: backend.info }));
  }

  async swap(tag: string): Promise<void> {
    const model = this.#find(tag);
    await this.#storage.records.put(setting.kind, setting.id, tag);
    this.#current = model;
    this.#loaded = true;
    await this.#storage.bus
      .publish(modelTopic, tag)
      .catch((error: unknown) => this.#report(error, "publishing on the bus"));
  }

  /** The model of a turn: its own, its session's, or the current one. Throws `unknown_model`. */
  choose(input: TurnInput): Model | Promise<Model> {
    if (input.model !== undefined) return this.#find(input.model);
    if (this.#models.size === 1) return this.#current;
    return this.#chooseFor(input);
  }

  async #chooseFor({ owner, session }: TurnInput): Promise<Model> {
    await this.load();
    const known = session === undefined ? undefined : await this.#storage.sessions.get({ owner, id: session });
    // A session may outlive its model.
    return (known?.model !== undefined && this.#models.get(known.model)) || this.#current;
  }

  /** Knows from then on what was swapped before this process began. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    this.#loading ??= this.#reread().finally(() => (this.#loading = undefined));
    await this.#loading;
  }

  /** Hears of swaps on other nodes. Returns how to stop. */
  follow(clock: Clock): () => void {
    if (this.#models.size === 1) return () => {};
    const reread = () =>
      void this.#reread().catch((error: unknown) => this.#report(error, "reading the current model"));
    const subscribed = this.#storage.bus.subscribe(modelTopic, reread);
    subscribed.catch((error: unknown) => this.#report(error, "subscribing to the bus"));
    const stop = clock.every(rereadMs, reread);
    return () => {
      stop();
      void subscribed.then(
        (unsubscribe) => unsubscribe(),
        () => {},
      );
    };
  }

  async close(): Promise<void> {
    await Promise.all(
      Array.from(new Set(Array.from(this.#models.values(), ({ backend }) => backend)), (backend) => backend.close()),
    );
  }

  async #reread(): Promise<void> {
    const tag = await this.#storage.records.get(setting.kind, setting.id);
    this.#current = (tag !== undefined && this.#models.get(tag)) || this.#first;
    this.#loaded = true;
  }

  #find(tag: string): Model {
    const model = this.#models.get(tag);
    if (model) return model;
    const tags = [...this.#models.keys()].slice(0, 20).join(", ");
    throw new ChatError("unknown_model", `There is no such model here. Take one of: ${tags}.`);
  }
}
