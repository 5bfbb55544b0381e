import { connect, type Channel, type ChannelModel } from 'amqplib';
import { freshVhost, type FreshVhost } from '@payfan/stack/testing';
import { openBroker, type Broker, type BrokerOptions } from '../broker.ts';
import { Connection, type ConnectionOptions } from '../connection.ts';
import { BrokerAdmin } from './broker-admin.ts';
import { RecordingLog } from './recording-log.ts';
import { startTcpProxy, type TcpProxy } from '@payfan/stack/testing';

/** A vhost of a test's own, with an operator, a look into its queues, and whatever the test opens there. */
export class World {
  readonly url: string;
  readonly admin: BrokerAdmin;
  readonly log = new RecordingLog();
  /** A plain channel beside ours, to look and to prepare with. */
  readonly eye: Channel;
  readonly #vhost: FreshVhost;
  readonly #model: ChannelModel;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(vhost: FreshVhost, model: ChannelModel, eye: Channel) {
    this.url = vhost.amqpUrl;
    this.admin = new BrokerAdmin(vhost);
    this.#vhost = vhost;
    this.#model = model;
    this.eye = eye;
    // Operators close every connection of the vhost, this one too.
    for (const emitter of [model, eye]) emitter.on('error', () => undefined);
  }

  /** A broker that the test starts; stopped at the end. */
  broker(options: Partial<BrokerOptions> = {}): Broker {
    const topology = { exchanges: [], queues: [], bindings: [] };
    const broker = openBroker({ urls: [this.url], name: 'test', log: this.log, topology, ...options });
    this.onClose(() => broker.stop());
    return broker;
  }

  /** A connection, started; stopped at the end. */
  connection(options: Partial<ConnectionOptions> = {}): Connection {
    const connection = new Connection({
      urls: [this.url],
      name: 'test',
      log: this.log,
      prepare: () => Promise.resolve(),
      ...options,
    });
    this.onClose(() => connection.stop());
    connection.start();
    return connection;
  }

  async proxy(): Promise<TcpProxy> {
    const proxy = await startTcpProxy(this.url);
    this.onClose(() => proxy.stop());
    return proxy;
  }

  /** A queue with these bodies in it, confirmed. */
  async queueOf(queue: string, ...bodies: string[]): Promise<void> {
    await this.eye.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
    const channel = await this.#model.createConfirmChannel();
    for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body), { messageId: body });
    await channel.waitForConfirms();
    await channel.close();
  }

  /** Messages that wait in a queue, those in somebody's hand not counted. */
  async messagesIn(queue: string): Promise<number> {
    return (await this.eye.checkQueue(queue)).messageCount;
  }

  onClose(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  /** Stops what the test opened, last opened first, and removes the vhost. */
  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    await this.#model.close().catch(() => undefined);
    await this.#vhost.remove();
  }
}

export async function openWorld(): Promise<World> {
  const vhost = await freshVhost();
  const model = await connect(vhost.amqpUrl);
  return new World(vhost, model, await model.createChannel());
}
