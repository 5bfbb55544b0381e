import { connect, type Socket } from 'node:net';

/** Beyond this a request waits for another to be answered; its time counts all the same. */
const MAX_SOCKETS = 1_000;

export interface Answer {
  /** 0 if the connection ended without one. */
  status: number;
  body: string;
}

/**
 * Connections kept alive for one request at a time each; opened when all are busy. Speaks just enough HTTP,
 * since on a small machine the load must not cost more than what it measures.
 */
export class IdleSockets {
  readonly #host: string;
  readonly #port: number;
  readonly #idle: KeptAlive[] = [];
  readonly #all = new Set<KeptAlive>();
  readonly #waiting: ((socket: KeptAlive) => void)[] = [];

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
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
    const socket = new KeptAlive(connect({ host: this.#host, port: this.#port, noDelay: true }));
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

/** One connection, with one request under way at most. */
class KeptAlive {
  readonly #socket: Socket;
  #heard = '';
  #settle: ((answer: Answer) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#hear(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#answer({ status: 0, body: '' }));
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  ask(request: string): Promise<Answer> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(chunk: string): void {
    this.#heard += chunk;
    const end = this.#heard.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#heard.slice(0, end))?.[1] ?? 0);
    if (this.#heard.length < end + 4 + length) return;
    const heard = this.#heard;
    this.#heard = '';
    this.#answer({ status: Number(heard.slice('HTTP/1.1 '.length, 12)), body: heard.slice(end + 4) });
  }

  #answer(answer: Answer): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(answer);
  }
}
