import type { Part } from '@payfan/service';

/** What is kept open for a client: a WebSocket, an event stream, or a poll that waits. */
export interface Client {
  readonly kind: 'websocket' | 'stream' | 'poll';
  /** Called about every second. */
  lookAfter(nowMs: number): void;
  /** The gateway goes: asks the client to come back elsewhere in so many milliseconds. */
  askToLeave(afterMs: number): void;
  /** The gateway is gone in a moment: ends it. */
  sendAway(): void;
  /** Cuts it, whether or not its client listens. */
  cut(): void;
}

export interface ConnectionsOptions {
  /** Over which clients are asked to leave, when the gateway stops. */
  readonly drainWindowMs: number;
  readonly lookAfterEveryMs?: number;
}

const LOOK_AFTER_EVERY_MS = 1_000;
/** How long a client that was asked to leave may take to have its new connection. */
const TO_MOVE_MS = 1_000;
/** How long a client that was sent away may take to close its side. */
const TO_CLOSE_MS = 500;

/** Every client there is. Stopping empties it, gently at first. */
export class Connections implements Part {
  readonly name = 'connections';
  readonly #options: ConnectionsOptions;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get counts(): Record<Client['kind'], number> {
    const counts = { websocket: 0, stream: 0, poll: 0 };
    for (const { kind } of this.#clients) counts[kind] += 1;
    return counts;
  }

  /** Answers how to take it out again, once it is over. */
  add(client: Client): () => void {
    this.#clients.add(client);
    return () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#whenEmpty?.();
    };
  }

  start(): Promise<void> {
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      for (const client of this.#clients) client.lookAfter(nowMs);
    }, this.#options.lookAfterEveryMs ?? LOOK_AFTER_EVERY_MS);
    return Promise.resolve();
  }

  /**
   * Asks everybody to leave, each at a time of its own, and waits; sends away who is still there after the
   * window, and cuts who does not go.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async #drain(): Promise<void> {
    const { drainWindowMs } = this.#options;
    const step = drainWindowMs / this.#clients.size;
    [...this.#clients].forEach((client, index) => client.askToLeave(Math.floor(index * step)));
    await this.#emptyWithin(drainWindowMs + TO_MOVE_MS);
    for (const client of [...this.#clients]) client.sendAway();
    await this.#emptyWithin(TO_CLOSE_MS);
    for (const client of [...this.#clients]) client.cut();
    clearInterval(this.#timer);
  }

  async #emptyWithin(ms: number): Promise<void> {
    if (this.#clients.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#whenEmpty = undefined;
  }
}
