import WebSocket from 'ws';

/** Sees the sockets that clients open, and what gateways ask of them. */
export class Sockets {
  /** Connections that came about. */
  opened = 0;
  /** Every `afterMs` of a gateway that stops. */
  readonly movesMs: number[] = [];
  readonly #all = new Set<WebSocket>();
  /** To be given to clients. */
  readonly constructorForClients: new (address: string, protocols: string[]) => WebSocket;

  constructor() {
    const onOpen = (socket: WebSocket) => this.#onOpen(socket);
    this.constructorForClients = class extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { perMessageDeflate: false });
        this.once('open', () => onOpen(this));
      }
    };
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#all.size;
  }

  /** Ends those that their clients could not: the other side may be gone without a word. */
  terminate(): void {
    for (const socket of this.#all) socket.terminate();
  }

  #onOpen(socket: WebSocket): void {
    this.opened += 1;
    this.#all.add(socket);
    socket.once('close', () => this.#all.delete(socket));
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (!text.startsWith('{"t":"reconnect"')) return;
      this.movesMs.push((JSON.parse(text) as { afterMs: number }).afterMs);
    });
  }
}
