import { KeptAlive, type Answer } from './kept-alive.ts';

/** Beyond this a request waits for another to be answered; its time counts all the same. */
const MAX_SOCKETS = 1_000;

/**
 * Connections kept alive for one request at a time each; opened when all are busy.
 */
export class IdleSockets {
  readonly #url: URL;
  readonly #idle: KeptAlive[] = [];
  readonly #all = new Set<KeptAlive>();
  readonly #waiting: ((socket: KeptAlive) => void)[] = [];

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Sends a request as it is, and answers what came back; never rejects. */
  async ask(request: string): Promise<Answer> {
    const socket = this.#idleOne() ?? this.#another() ?? (await this.#nextIdle());
    const answer = await socket.ask(request);
    if (socket.isOpen) this.#release(socket);
    else this.#replace(socket);
    return answer;
  }

  close(): void {
    for (const socket of this.#all) socket.close();
  }

  /** The one used last: the others are for peaks, and the server ends those that were idle for long. */
  #idleOne(): KeptAlive | undefined {
    for (;;) {
      const socket = this.#idle.pop();
      if (socket?.isOpen !== false) return socket;
      this.#all.delete(socket);
    }
  }

  #another(): KeptAlive | undefined {
    if (this.#all.size >= MAX_SOCKETS) return undefined;
    const socket = new KeptAlive(this.#url);
    this.#all.add(socket);
    return socket;
  }

  #nextIdle(): Promise<KeptAlive> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(socket: KeptAlive): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(socket);
    else next(socket);
  }

  #replace(ended: KeptAlive): void {
    this.#all.delete(ended);
    if (this.#waiting.length === 0) return;
    const another = this.#another();
    if (another !== undefined) this.#release(another);
  }
}
