import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A load balancer of connections: they go to the targets in turn, and past one that takes none. */
export class Balancer {
  /** URLs; may be changed at any time. Connections that are open stay where they are. */
  targets: readonly string[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #turn = 0;

  private constructor(targets: readonly string[]) {
    this.targets = targets;
    this.#server = createServer({ noDelay: true }, (client) => {
      this.#keep(client);
      this.#pass(client, this.targets.length);
    });
  }

  static async start(targets: readonly string[]): Promise<Balancer> {
    const balancer = new Balancer(targets);
    await new Promise<void>((resolve) =>
      balancer.#server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, resolve),
    );
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(client: Socket, triesLeft: number): void {
    this.#turn += 1;
    const url = this.targets[this.#turn % this.targets.length];
    if (url === undefined || triesLeft === 0) {
      client.destroy();
      return;
    }
    const { hostname: host, port } = new URL(url);
    const target = connect({ host, port: Number(port), noDelay: true });
    const onRefused = () => this.#pass(client, triesLeft - 1);
    target.once('error', onRefused);
    target.once('connect', () => {
      target.off('error', onRefused);
      this.#keep(target);
      client.pipe(target).pipe(client);
      client.once('close', () => target.destroy());
      target.once('close', () => client.destroy());
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // `close` follows; unheard, an error would end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
