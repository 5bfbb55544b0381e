import type { Topology } from '@payfan/contracts';
import { Connection } from './connection.ts';
import { Consumer, type ConsumeOptions } from './consumer.ts';
import type { Log } from './log.ts';
import { Publisher, type Outgoing } from './publisher.ts';
import { Subscription, type SubscribeOptions } from './subscription.ts';
import { TopologyKeeper } from './topology-keeper.ts';

export interface BrokerOptions {
  /** `amqp://user:password@host:port/vhost`; several are hosts of one cluster. The user is the service's own. */
  urls: readonly string[];
  /** The service's name, shown in the broker's management page. */
  name: string;
  log: Log;
  /**
   * What the service owns. Declared on every (re)connection, before anything is published or consumed, and again at
   * intervals.
   */
  topology: Topology;
  /** How often it is declared again on average while connected, and quiet consumers consume anew; 30 s. */
  redeclareEveryMs?: number;
}

/**
 * RabbitMQ as a service sees it. Publishing and consuming have a connection each: a broker short of
 * memory blocks connections that publish, and must not block the acks that would relieve it.
 */
export class Broker {
  readonly name = 'broker';
  readonly #publishing: Connection;
  readonly #consuming: Connection;
  readonly #keeper: TopologyKeeper;
  readonly #publisher: Publisher;
  readonly #log: Log;
  readonly #redeclareEveryMs: number | undefined;

  constructor({ urls, name, log, topology, redeclareEveryMs }: BrokerOptions) {
    this.#log = log;
    this.#redeclareEveryMs = redeclareEveryMs;
    const connection = (purpose: string) =>
      new Connection({
        urls,
        log,
        name: `${name} ${purpose}`,
        prepare: (model) => this.#keeper.prepare(model),
      });
    this.#publishing = connection('publishing');
    this.#consuming = connection('consuming');
    this.#keeper = new TopologyKeeper({
      connections: [this.#consuming, this.#publishing],
      topology,
      log,
      ...(redeclareEveryMs === undefined ? {} : { everyMs: redeclareEveryMs }),
    });
    this.#publisher = new Publisher({ connection: this.#publishing, topology: this.#keeper, log });
  }

  /**
   * Begins to connect, and waits for the first attempt only: a service starts without its broker too, and `ping` reports
   * whether the broker is there.
   *
   * @throws AccessRefusedError if the broker refuses this service its login or a right: that is a mistake in the set-up,
   *   and the program ends with it. A refusal later is logged, and the service goes on trying.
   */
  async start(): Promise<void> {
    this.#publishing.start();
    this.#consuming.start();
    this.#keeper.start();
    await Promise.all([this.#publishing.attempted(), this.#consuming.attempted()]);
  }

  async stop(): Promise<void> {
    this.#keeper.stop();
    await this.#publisher.stop();
    await Promise.all([this.#publishing.stop(), this.#consuming.stop()]);
  }

  /** Resolves if messages can be published and consumed, else says why not. */
  ping(): Promise<void> {
    for (const connection of [this.#publishing, this.#consuming]) {
      if (connection.model === undefined) {
        return Promise.reject(new Error(`not connected: ${connection.lastError ?? 'connecting'}`));
      }
    }
    const { hindrance } = this.#publisher;
    if (hindrance !== undefined) return Promise.reject(new Error(`not publishing: ${hindrance}`));
    const refusal = this.#keeper.refusal ?? this.#publisher.refusal;
    return refusal === undefined ? Promise.resolve() : Promise.reject(new Error(refusal));
  }

  /** True if a publish has a chance now: connected, not blocked by an alarm, and with the topology whole. */
  get publishable(): boolean {
    return this.#publisher.hindrance === undefined;
  }

  /** Messages sent and not yet confirmed. */
  get unconfirmed(): number {
    return this.#publisher.unconfirmed;
  }

  /** Publishes mandatory and persistent, unless it is transient; resolves when confirmed, rejects with a `PublishError`. */
  publish(message: Outgoing): Promise<void> {
    return this.#publisher.publish(message);
  }

  /** A consumer of one queue; start it to begin. */
  consume(options: ConsumeOptions): Consumer {
    const patience = { renewAfterMs: this.#redeclareEveryMs };
    return new Consumer(this.#consuming, options, this.#log, this.#keeper, patience);
  }

  /** A subscription to what an exchange carries from now on; start it to begin, and bind the keys it is to get. */
  subscribe(options: SubscribeOptions): Subscription {
    return new Subscription(this.#consuming, options, this.#log, this.#keeper, this.#redeclareEveryMs);
  }
}

/** Makes the broker's two connections; `start()` begins to connect. */
export function openBroker(options: BrokerOptions): Broker {
  return new Broker(options);
}
