import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What happens to a connection: passed on; left hanging in silence; heard by the target, and never answered. */
type Mode = 'forward' | 'hang' | 'hold-answers';

interface Pair {
  client: Socket;
  target: Socket | undefined;
}

/**
 * Stands between a program and a server, and can be the network on a bad day. Tests give a program
 * `through(url)` instead of the server's own URL; every change is immediate.
 */
export class TcpProxy {
  readonly #target: { host: string; port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #port = 0;
  #mode: Mode = 'forward';

  /** `targetUrl` names host and port, whatever its protocol. */
  constructor(targetUrl: string) {
    const { hostname, port } = new URL(targetUrl);
    this.#target = { host: hostname, port: Number(port) };
    this.#server = createServer((client) => this.#take(client));
  }

  async start(): Promise<this> {
    await this.#listen();
    return this;
  }

  /** Ends every connection and takes no more. */
  async stop(): Promise<void> {
    await this.refuse();
  }

  /** The same URL, by way of this proxy. */
  through(url: string): string {
    const own = new URL(url);
    own.hostname = '127.0.0.1';
    own.port = String(this.#port);
    return own.href;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Everything flows, what was held included. The state in which a proxy starts. */
  async forward(): Promise<void> {
    this.#change('forward');
    if (!this.#server.listening) await this.#listen();
  }

  /** Nobody listens: open connections break, new ones are refused. */
  async refuse(): Promise<void> {
    const closed = this.#server.listening
      ? new Promise((resolve) => this.#server.close(resolve))
      : Promise.resolve();
    this.cut();
    await closed;
  }

  /** The server's machine is frozen: connections stay open, and nothing flows either way. */
  hang(): void {
    this.#change('hang');
  }

  /** The server hears everything, and its answers never arrive. */
  holdAnswers(): void {
    this.#change('hold-answers');
  }

  /** Breaks every connection that is open now; new ones are treated as before. */
  cut(): void {
    for (const { client, target } of this.#pairs) {
      client.destroy();
      target?.destroy();
    }
  }

  /** Says something to every client in the server's name. It must be silent meanwhile, or their words mix. */
  say(bytes: Buffer): void {
    for (const { client } of this.#pairs) client.write(bytes);
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #change(mode: Mode): void {
    this.#mode = mode;
    for (const pair of this.#pairs) this.#route(pair);
  }

  #take(client: Socket): void {
    const pair: Pair = { client, target: undefined };
    this.#pairs.add(pair);
    this.#join(client, pair);
    this.#route(pair);
  }

  /** Lets the pipes of a connection be as the mode demands. */
  #route(pair: Pair): void {
    pair.client.unpipe();
    pair.target?.unpipe();
    if (this.#mode === 'hang') return;
    if (pair.target === undefined) {
      pair.target = connect(this.#target);
      this.#join(pair.target, pair);
    }
    pair.client.pipe(pair.target);
    if (this.#mode === 'forward') pair.target.pipe(pair.client);
  }

  /** One end gone is the other end gone. */
  #join(socket: Socket, pair: Pair): void {
    socket.setNoDelay(true);
    // `close` follows; unheard, an error would end the process.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#pairs.delete(pair);
      pair.client.destroy();
      pair.target?.destroy();
    });
  }
}

/** A proxy that listens, on a free port. */
export function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  return new TcpProxy(targetUrl).start();
}
