import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** What happens to a connection: passed on; left hanging in silence; heard by the target, and never answered. */
type Mode = 'forward' | 'hang' | 'hold-answers';

interface Pair {
  client: Socket;
  target: Socket | undefined;
  /** What the client says passes through here, one chunk after the other. */
  gate: Transform;
  /** Half a sentence was withheld: the server could make nothing of the rest, so it never flows again. */
  broken: boolean;
}

/** What is waited for on the wire, and what then happens to it. */
interface Trap {
  bytes: Buffer;
  /** Whether the server still hears these bytes. */
  passesOn: boolean;
  sprung: () => void;
}

/**
 * Stands between a program and a server, and can be the network on a bad day. Tests give a program
 * `through(url)` instead of the server's own URL; every change is immediate.
 */
export class TcpProxy {
  readonly #targetUrl: () => string;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #port = 0;
  #mode: Mode = 'forward';
  #trap: Trap | undefined;

  /** `targetUrl` names host and port, whatever its protocol; a function is asked at each connection. */
  constructor(targetUrl: string | (() => string)) {
    this.#targetUrl = typeof targetUrl === 'string' ? () => targetUrl : targetUrl;
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
    this.#trap = undefined;
    for (const pair of this.#pairs) if (pair.broken) pair.client.destroy();
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

  /**
   * Waits until a client says these bytes; they are not passed on, and nothing flows from then on. Resolves
   * when that has happened, so that a test can kill somebody between two steps.
   */
  freezeBefore(bytes: string | Buffer): Promise<void> {
    return this.#setTrap(bytes, false);
  }

  /** The same, but the server hears these bytes, and its answer never arrives. */
  freezeAfter(bytes: string | Buffer): Promise<void> {
    return this.#setTrap(bytes, true);
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
    const pair: Pair = { client, target: undefined, gate: this.#gate(() => pair), broken: false };
    this.#pairs.add(pair);
    this.#join(client, pair);
    this.#route(pair);
  }

  #setTrap(bytes: string | Buffer, passesOn: boolean): Promise<void> {
    return new Promise((sprung) => (this.#trap = { bytes: Buffer.from(bytes), passesOn, sprung }));
  }

  /** Passes on what a client says, until it says what is waited for. */
  #gate(pairOf: () => Pair): Transform {
    let heard = Buffer.alloc(0);
    let heardFor: Trap | undefined;
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const trap = this.#trap;
        // The bytes may come in two pieces; what was heard before the trap was set is none of them.
        if (trap !== heardFor) heard = Buffer.alloc(0);
        heardFor = trap;
        if (trap !== undefined) heard = Buffer.concat([heard.subarray(-trap.bytes.length), chunk]);
        if (trap === undefined || !heard.includes(trap.bytes)) {
          done(null, chunk);
          return;
        }
        this.#trap = undefined;
        if (trap.passesOn) {
          done(null, chunk);
          this.#change('hold-answers');
        } else {
          pairOf().broken = true;
          this.#change('hang');
        }
        trap.sprung();
      },
    });
  }

  /** Lets the pipes of a connection be as the mode demands. */
  #route(pair: Pair): void {
    pair.client.unpipe();
    pair.target?.unpipe();
    if (this.#mode === 'hang') return;
    if (pair.target === undefined) {
      const { hostname, port } = new URL(this.#targetUrl());
      pair.target = connect({ host: hostname, port: Number(port) });
      this.#join(pair.target, pair);
      pair.gate.pipe(pair.target);
    }
    pair.client.pipe(pair.gate);
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
export function startTcpProxy(targetUrl: string | (() => string)): Promise<TcpProxy> {
  return new TcpProxy(targetUrl).start();
}
