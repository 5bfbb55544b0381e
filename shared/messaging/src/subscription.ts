import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { refusedAccess } from './access-refused.ts';
import { backoffMs, pause, spreadMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import { FirstAttempt } from './first-attempt.ts';
import type { Log } from './log.ts';
import type { TopologyKeeper } from './topology-keeper.ts';
import { settledWithin } from './within.ts';

/** A message as a subscriber sees it. */
export interface Published {
  routingKey: string;
  headers: Record<string, unknown>;
  body: Buffer;
}

export interface SubscribeOptions {
  /** A direct exchange of the broker's topology. */
  exchange: string;
  /** At most once and in the order in which the broker had them. A throw is logged, and the message is over. */
  onMessage: (message: Published) => void;
  /** The queue was gone and is there again with all bindings: what was published meanwhile has not come. */
  onRestored: () => void;
}

/** The subscription was stopped before the broker had answered. */
export class SubscriptionStoppedError extends Error {
  override readonly name = 'SubscriptionStoppedError';
  constructor(subscription: string) {
    super(`${subscription} is stopped: it binds nothing any more`);
  }
}

/** Where it takes what it gets from now. */
interface Open {
  channel: Channel;
  queue: string;
  /** Aborted when the channel is gone. */
  over: AbortSignal;
  /** Keys that the broker has bound. */
  bound: Set<string>;
  /** The broker closed the channel for lack of what we named: the exchange, as the queue is our own. */
  lackedExchange: boolean;
}
interface Waiter {
  resolve: (open: Open) => void;
  reject: (error: SubscriptionStoppedError) => void;
}

const REOPEN = { firstMs: 100, longestMs: 5_000 };
/** The longest that a binding deleted by somebody is missed: AMQP has no way to ask for one. As of the topology. */
const REBIND_EVERY_MS = 30_000;
/** How long stopping waits for the broker's answer; without it the queue goes with the connection. */
const CLOSE_TIMEOUT_MS = 2_000;
/** What waits for a subscriber that is frozen, until its connection is given up; older ones then go first. */
const LONGEST_QUEUE = 100_000;

/**
 * A queue of this process alone, on an exchange whose messages are of use only now: nothing is acknowledged,
 * and nothing is kept for it while it is away. The queue goes with its connection, and is made again with its
 * bindings on the next one; `onRestored` then tells that something may have been missed.
 */
export class Subscription {
  readonly name: string;
  readonly #connection: Connection;
  readonly #options: SubscribeOptions;
  readonly #log: Log;
  readonly #topology: Pick<TopologyKeeper, 'restore'>;
  readonly #rebindEveryMs: number;
  readonly #wanted = new Set<string>();
  readonly #stopping = new AbortController();
  #open: Open | undefined;
  #wasOpen = false;
  #waiting: Waiter[] = [];
  #unsubscribe: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  readonly #first = new FirstAttempt();

  constructor(
    connection: Connection,
    options: SubscribeOptions,
    log: Log,
    topology: Pick<TopologyKeeper, 'restore'>,
    rebindEveryMs = REBIND_EVERY_MS,
  ) {
    this.name = `subscription to ${options.exchange}`;
    this.#connection = connection;
    this.#options = options;
    this.#log = log;
    this.#topology = topology;
    this.#rebindEveryMs = rebindEveryMs;
  }

  /** @throws AccessRefusedError if the broker, being there, refuses this service a queue of its own. */
  async start(): Promise<void> {
    this.#unsubscribe ??= this.#connection.onUp((model) => void this.#keepSubscribed(model));
    if (this.#connection.model !== undefined) await this.#first.wait();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Tells nothing more; the queue is gone with its consumer. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    this.#stopping.abort();
    this.#first.ended();
    this.#unsubscribe?.();
    for (const { reject } of this.#waiting.splice(0)) reject(new SubscriptionStoppedError(this.name));
    const channel = this.#open?.channel;
    this.#open = undefined;
    if (channel !== undefined) await settledWithin(channel.close(), CLOSE_TIMEOUT_MS);
  }

  /**
   * Resolves when the broker has it: whatever is published under the key afterwards arrives. While there is no
   * broker it waits for one, also for a key that was bound before. Costs nothing while it is bound.
   *
   * @throws SubscriptionStoppedError if the subscription is stopped, before or meanwhile.
   */
  async bind(routingKey: string): Promise<void> {
    this.#wanted.add(routingKey);
    for (;;) {
      const open = await this.#opened();
      // Unbound again while it waited.
      if (!this.#wanted.has(routingKey) || open.bound.has(routingKey)) return;
      try {
        await this.#bindNow(open, routingKey);
        return;
      } catch {
        this.#drop(open);
      }
    }
  }

  /** Resolves when the broker has it, or has no queue of ours that could still be bound. Never rejects. */
  async unbind(routingKey: string): Promise<void> {
    this.#wanted.delete(routingKey);
    const open = this.#open;
    if (open === undefined) return;
    open.bound.delete(routingKey);
    try {
      await open.channel.unbindQueue(open.queue, this.#options.exchange, routingKey);
    } catch {
      // The queue goes with its channel, and the next has only what is wanted.
      this.#drop(open);
    }
  }

  #opened(): Promise<Open> {
    if (this.#isStopping()) return Promise.reject(new SubscriptionStoppedError(this.name));
    if (this.#open !== undefined) return Promise.resolve(this.#open);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Has a queue on this connection until it is gone or we stop; a lost channel or queue is made anew. */
  async #keepSubscribed(model: ChannelModel): Promise<void> {
    const { exchange, onRestored } = this.#options;
    let lackedExchange = false;
    const isOver = () => this.#isStopping() || this.#connection.model !== model;
    for (let attempt = 0; !isOver(); attempt += 1) {
      if (attempt > 0) await pause(backoffMs(attempt, REOPEN, Math.random), this.#stopping.signal);
      if (isOver()) return;
      if (lackedExchange) {
        await this.#topology.restore(`${this.name} found no exchange`);
        if (isOver()) return;
      }
      const again = this.#wasOpen;
      let open: Open | undefined;
      try {
        open = await this.#make(model);
        await this.#bindAll(open);
        this.#first.ended();
        attempt = 0;
        if (again) onRestored();
        await this.#keepBound(open);
      } catch (error) {
        if (open !== undefined) this.#drop(open);
        if (!this.#isStopping()) {
          const refusal = refusedAccess(error);
          this.#first.ended(refusal);
          const about = { exchange, reason: refusal?.message ?? String(error) };
          if (refusal === undefined) this.#log.warn(about, 'not subscribed, trying again');
          else this.#log.error(about, 'broker refuses to let this program subscribe, trying again');
        }
      }
      lackedExchange = open?.lackedExchange ?? false;
    }
  }

  async #make(model: ChannelModel): Promise<Open> {
    const { exchange } = this.#options;
    const channel = await model.createChannel();
    const over = new AbortController();
    const open: Open = { channel, queue: '', over: over.signal, bound: new Set(), lackedExchange: false };
    channel.on('close', () => {
      over.abort();
      this.#drop(open);
    });
    channel.on('error', (error) => {
      open.lackedExchange = 'code' in error && error.code === 404;
      const refusal = refusedAccess(error);
      if (refusal === undefined) {
        this.#log.warn({ exchange, reason: error.message }, 'subscribing channel failed');
      } else {
        this.#log.error({ exchange, reason: refusal.message }, 'subscribing channel failed');
      }
    });
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      durable: false,
      maxLength: LONGEST_QUEUE,
    });
    open.queue = queue;
    await channel.consume(queue, (message) => this.#take(open, message), { noAck: true });
    // Stopped while the channel was opening: nobody else would close it.
    if (this.#isStopping()) {
      await channel.close();
      throw new SubscriptionStoppedError(this.name);
    }
    this.#open = open;
    this.#wasOpen = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(open);
    return open;
  }

  /** One after the other, so that whoever binds meanwhile need not wait for them all. */
  async #bindAll(open: Open): Promise<void> {
    for (const key of this.#wanted) await this.#bindNow(open, key);
  }

  async #bindNow({ channel, queue, bound }: Open, key: string): Promise<void> {
    await channel.bindQueue(queue, this.#options.exchange, key);
    if (this.#wanted.has(key)) bound.add(key);
  }

  /** Binds everything again now and then, until the channel is gone. */
  async #keepBound(open: Open): Promise<void> {
    for (;;) {
      await pause(spreadMs(this.#rebindEveryMs, Math.random), open.over);
      if (this.#open !== open) return;
      await this.#bindAll(open);
    }
  }

  /** Whoever wants to bind waits for the next one from here on. */
  #drop(open: Open): void {
    if (this.#open !== open) return;
    this.#open = undefined;
    void open.channel.close().catch(() => undefined);
  }

  #take(open: Open, message: ConsumeMessage | null): void {
    const { exchange, onMessage } = this.#options;
    if (message === null) {
      this.#log.warn({ exchange }, 'subscriber cancelled by the broker');
      this.#drop(open);
      return;
    }
    if (this.#isStopping()) return;
    try {
      onMessage({
        routingKey: message.fields.routingKey,
        headers: message.properties.headers ?? {},
        body: message.content,
      });
    } catch (error) {
      // Unheard, it would end the channel.
      this.#log.error({ exchange, err: error }, 'message not handled');
    }
  }
}
