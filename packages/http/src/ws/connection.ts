import { ChatError } from "@parlor/core";
import { isToken } from "../auth/credential.ts";
import type { Gate } from "../auth/gate.ts";
import { type Admitted, isRefusal, type Rechecks } from "../auth/rechecks.ts";
import { bearerOf, countedAs, type Visitor } from "../auth/visitor.ts";
import type { MountedRoute } from "../route.ts";
import type { HttpRequest, Sink, Socket, SocketEvents } from "../seam.ts";
import type { Service } from "../service.ts";
import { follow } from "../stream/follow.ts";
import { Inbox } from "./inbox.ts";
import { derive, withToken } from "./offer.ts";
import { type CallFor, type Message, type Reading, type SocketProtocol, toMessage } from "./protocol.ts";

/** Turns that wait, run or are read at once. */
const mostTurns = 16;
const mostUnanswered = 2;

export interface ConnectionContext<Raw> {
  readonly service: Service;
  readonly gate: Gate<Raw>;
  readonly rechecks: Rechecks<Raw>;
  readonly protocol: SocketProtocol;
  /** The upgrade. */
  readonly request: HttpRequest<Raw>;
  readonly route: MountedRoute;
  /** Undefined: to be said by the first message. */
  readonly visitor: Visitor | undefined;
  readonly requestId: string;
  /** It is known who this is. Throws `too_many_streams` where that one has no place left. */
  onVisitor(visitor: Visitor): void;
  /** Something failed here that the client cannot help. */
  onFailure(error: unknown): void;
  onClose(): void;
}

/** One client on one WebSocket: who it is, what it asks, what it reads. */
export class Connection<Raw> implements SocketEvents {
  readonly #context: ConnectionContext<Raw>;
  readonly #socket: Socket;
  readonly #inbox: Inbox;
  readonly #gone = new AbortController();
  readonly #readings = new Set<{ readonly drained: () => void; readonly close: () => void }>();
  #admitted: Admitted<Raw> | undefined;
  #open = true;
  #leaving = false;
  #behind = false;
  #turns = 0;
  #unanswered = 0;
  #proceed: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #cancelAuth: (() => void) | undefined;
  readonly #cancelPings: () => void;

  constructor(context: ConnectionContext<Raw>, socket: Socket) {
    this.#context = context;
    this.#socket = socket;
    const { visitor, request, route } = context;
    const { times, limits, engine } = context.service;
    this.#inbox = new Inbox(engine.clock, limits.socketMessages, (text) => this.#take(text));
    this.#cancelPings = engine.clock.every(times.pingMs, () => this.#ping());
    if (visitor) this.#admit({ request, route, visitor });
    else {
      this.#cancelAuth = engine.clock.after(times.authMs, () =>
        this.#close(4401, "Nobody said in time who this is: send an auth message first."),
      );
    }
  }

  /** The server shuts down: goes when its last turn has been read. */
  leave(): void {
    this.#leaving = true;
    if (this.#turns === 0) this.#close(1001, "The server is shutting down. Connect again in a moment.");
  }

  onMessage(text: string | undefined): void {
    if (!this.#open) return;
    if (text === undefined) this.#close(1003, "Send text: each message is one JSON object.");
    else if (!this.#inbox.push(text)) this.#close(1008, "Too many messages. Send fewer, or wait for the answers.");
  }

  onPong(): void {
    this.#unanswered = 0;
  }

  onDrain(): void {
    this.#behind = false;
    this.#proceed?.();
    for (const reading of this.#readings) reading.drained();
  }

  onClose(): void {
    this.#release();
    this.#context.onClose();
  }

  #ping(): void {
    if (this.#unanswered >= mostUnanswered) this.#socket.abort();
    else if (this.#socket.ping()) this.#unanswered += 1;
  }

  async #take(text: string): Promise<void> {
    // Who does not read its answers gets no more of them.
    if (this.#behind) await new Promise<void>((resolve) => (this.#proceed = resolve));
    if (!this.#open) return;
    const { protocol } = this.#context;
    let message: Message | undefined;
    try {
      message = toMessage(text);
      if (message["type"] === "ping") this.#send([protocol.pong]);
      else if (message["type"] === "auth") await this.#authenticate(message["token"]);
      else await this.#serve(message);
    } catch (error) {
      this.#tell(error, message);
    }
  }

  async #authenticate(token: unknown): Promise<void> {
    const { gate, route } = this.#context;
    const request = withToken(this.#context.request, isToken(token) ? token : "");
    try {
      const visitor = await gate(request, route);
      // Where everybody is let in and nobody asked, a token says nothing.
      if (visitor.anonymous || !this.#open) return;
      const before = this.#admitted?.visitor;
      if (before && !before.anonymous && before.principal?.id !== visitor.principal?.id) {
        return this.#close(4403, "This socket is somebody else's. Open another.");
      }
      this.#admit({ request, route, visitor });
    } catch (error) {
      if (ChatError.isInstance(error) && error.code === "too_many_streams") this.#close(1013, error.message);
      else this.#refuse(error);
    }
  }

  #admit(admitted: Admitted<Raw>): void {
    this.#context.onVisitor(admitted.visitor);
    this.#cancelAuth?.();
    this.#unwatch?.();
    this.#admitted = admitted;
    this.#unwatch = this.#context.rechecks.watch(admitted, (error) => this.#refuse(error));
  }

  /** Each message is a request of its own: `auth` is asked and limits count as they do for those. */
  async #serve(message: Message): Promise<void> {
    const { service, request, route } = this.#context;
    const visitor = await this.#confirm();
    if (!visitor) return;
    await service.requestLimits(route.group, countedAs(visitor, request));
    if (this.#open) this.#begin(message, visitor);
  }

  /** Undefined: nobody may be served here, and the socket has ended. */
  async #confirm(): Promise<Visitor | undefined> {
    const admitted = this.#admitted;
    if (!admitted) this.#close(4401, "Say first who you are: send an auth message.");
    if (!admitted || admitted.visitor.anonymous) return admitted?.visitor;
    try {
      return await this.#context.rechecks.confirm(admitted);
    } catch (error) {
      this.#refuse(error);
      return undefined;
    }
  }

  /** Ends the socket where the credentials are not good. Throws anything else. */
  #refuse(error: unknown): void {
    if (!isRefusal(error)) throw error;
    if (error.status === 401) this.#close(4401, "The credentials are not valid, or no longer. Connect with others.");
    else this.#close(4403, "These credentials do not allow this, or no longer.");
  }

  #begin(message: Message, visitor: Visitor): void {
    const { protocol } = this.#context;
    if (this.#turns >= mostTurns && message["type"] !== "stop") {
      throw new ChatError("too_many_turns", `A socket may have ${mostTurns} turns at once; wait for one to end.`);
    }
    this.#turns += 1;
    protocol.receive(message, this.#callFor(visitor)).then(
      (reading) => (reading && this.#open ? this.#read(reading) : this.#turnIsOver()),
      (error: unknown) => {
        this.#tell(error, message);
        this.#turnIsOver();
      },
    );
  }

  #callFor(visitor: Visitor): CallFor {
    const { request, requestId } = this.#context;
    const signal = this.#gone.signal;
    const own = (session: string) => visitor.principal ?? bearerOf(session);
    return (session, idempotencyKey) => {
      const headers = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
      return {
        request: { ...derive(request), headers, signal },
        principal: own(session),
        own,
        limitKey: visitor.anonymous ? countedAs(visitor, request) : undefined,
        replyHeaders: {},
        requestId,
        // A socket has no headers to put them into.
        onQuotas() {},
      };
    };
  }

  #read({ turn, after, frames }: Reading): void {
    const { stalls } = this.#context.service;
    let over = false;
    let drained = () => {};
    let unsubscribe = () => {};
    const reading = { drained: () => drained(), close: () => unsubscribe() };
    const sink: Sink = {
      write: (lines) => this.#send(lines.slice(0, -1).split("\n")),
      onDrain: (callback) => void (drained = callback),
      end: () => {
        over = true;
        this.#readings.delete(reading);
        unsubscribe();
        this.#turnIsOver();
      },
      abort: () => this.#socket.abort(),
    };
    this.#readings.add(reading);
    const start = { events: [], after };
    unsubscribe = follow(turn, start, frames, { stalls })(sink);
    // It may have ended within the call.
    if (over) unsubscribe();
  }

  #turnIsOver(): void {
    this.#turns -= 1;
    if (this.#leaving) this.leave();
  }

  #tell(error: unknown, message: Message | undefined): void {
    const { protocol } = this.#context;
    if (!ChatError.isInstance(error)) this.#context.onFailure(error);
    const known = ChatError.from(error, "internal", "The server failed on this message; its log has the cause.");
    this.#send([protocol.failure(known, message)]);
  }

  #send(texts: readonly string[]): boolean {
    if (!this.#open) return false;
    const flowing = this.#socket.send(texts);
    if (!flowing) this.#behind = true;
    return flowing;
  }

  #close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#release();
    this.#socket.close(code, reason);
  }

  #release(): void {
    this.#open = false;
    this.#gone.abort();
    this.#cancelPings();
    this.#cancelAuth?.();
    this.#unwatch?.();
    for (const reading of this.#readings) reading.close();
    this.#readings.clear();
    this.#inbox.clear();
    this.#proceed?.();
  }
}
