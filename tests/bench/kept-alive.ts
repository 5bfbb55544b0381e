import { connect, type Socket } from 'node:net';

export interface Answer {
  /** 0 if the connection ended without one. */
  status: number;
  body: string;
}

/**
 * One connection, with one request under way at most. Speaks just enough HTTP over a plain socket, since on a
 * small machine the load must not cost more than what it measures.
 */
export class KeptAlive {
  readonly #socket: Socket;
  #heard = '';
  #settle: ((answer: Answer) => void) | undefined;

  constructor({ hostname, port }: URL) {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#hear(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#answer({ status: 0, body: '' }));
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Sends a request as it is; to be called when the one before is answered. Never rejects. */
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
