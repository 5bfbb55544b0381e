import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { Acknowledger } from './acknowledger.ts';
import { backoffMs, pause } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { Log } from './log.ts';
import type { TopologyKeeper } from './topology-keeper.ts';
import { settledWithin } from './within.ts';

/** A message as a handler sees it: no channel, no tag. */
export interface Incoming {
  queue: string;
  exchange: string;
  routingKey: string;
  messageId: string | undefined;
  headers: Record<string, unknown>;
  redelivered: boolean;
  body: Buffer;
}

export interface ConsumeOptions {
  queue: string;
  /** Messages in hand at most. */
  prefetch: number;
  /**
   * Returning means done: the message is acknowledged. Throwing means that something this service needs
   * is away (its database, the broker for a copy): the message stays in hand and is handled again after
   * a pause, so an outage uses up no delivery limit. Whatever is wrong with the message itself must not
   * throw: record it as a dead letter and return.
   */
  handler: (message: Incoming) => Promise<void>;
}

const HANDLE_AGAIN = { firstMs: 200, longestMs: 5_000 };
const REOPEN = { firstMs: 100, longestMs: 5_000 };
/**
 * How long stopping waits for what is in hand: with the broker's own part (5 s at most) less than the 10 s that
 * a service has. What is not done by then goes back to the queue, and whoever gets it finds how far it came.
 */
const DRAIN_TIMEOUT_MS = 4_000;
/** How long stopping waits for the broker's answers; without them it gives everything back by losing us. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Drains one queue for as long as it is started, across lost channels, cancelled consumers and reconnections. */
export class Consumer {
  readonly name: string;
  readonly #connection: Connection;
  readonly #options: ConsumeOptions;
  readonly #log: Log;
  readonly #topology: Pick<TopologyKeeper, 'restore'>;
  readonly #inHand = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #channel: Channel | undefined;
  #acknowledger: Acknowledger | undefined;
  #tag: string | undefined;
  #unsubscribe: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    connection: Connection,
    options: ConsumeOptions,
    log: Log,
    topology: Pick<TopologyKeeper, 'restore'>,
  ) {
    this.name = `consumer ${options.queue}`;
    this.#connection = connection;
    this.#options = options;
    this.#log = log;
    this.#topology = topology;
  }

  start(): Promise<void> {
    this.#unsubscribe ??= this.#connection.onUp((model) => void this.#keepConsuming(model));
    return Promise.resolve();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Takes no more, waits for what is in hand, and gives the rest back to the queue. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async #drain(): Promise<void> {
    this.#unsubscribe?.();
    const channel = this.#channel;
    if (channel !== undefined && this.#tag !== undefined) {
      await settledWithin(channel.cancel(this.#tag), CLOSE_TIMEOUT_MS);
    }
    this.#stopping.abort();
    await settledWithin(Promise.all(this.#inHand), DRAIN_TIMEOUT_MS);
    this.#acknowledger?.flush();
    this.#channel = undefined;
    // Closing returns to the queue what was prefetched or held without being acknowledged.
    if (channel !== undefined) await settledWithin(channel.close(), CLOSE_TIMEOUT_MS);
  }

  /** Consumes on this connection until it is gone or we stop; a lost channel is opened anew. */
  async #keepConsuming(model: ChannelModel): Promise<void> {
    let queueMayBeGone = false;
    const isOver = () => this.#isStopping() || this.#connection.model !== model;
    for (let attempt = 0; !isOver(); attempt += 1) {
      if (attempt > 0) await pause(backoffMs(attempt, REOPEN, Math.random), this.#stopping.signal);
      if (isOver()) return;
      if (queueMayBeGone) await this.#topology.restore({ why: `${this.name} lost its queue` });
      if (isOver()) return;
      try {
        const { ended } = await this.#open(model);
        attempt = 0;
        queueMayBeGone = await ended;
      } catch (error) {
        queueMayBeGone = isNotFound(error);
        this.#log.warn(
          { queue: this.#options.queue, reason: String(error) },
          'cannot consume yet, trying again',
        );
      }
    }
  }

  /** Opens a channel and consumes; `ended` resolves when the channel is gone, with true if the broker cancelled us. */
  async #open(model: ChannelModel): Promise<{ ended: Promise<boolean> }> {
    const { queue, prefetch } = this.#options;
    const channel = await model.createChannel();
    let cancelled = false;
    const ended = new Promise<boolean>((resolve) => channel.on('close', () => resolve(cancelled)));
    channel.on('error', (error) =>
      this.#log.warn({ queue, reason: error.message }, 'consuming channel failed'),
    );
    const acknowledger = new Acknowledger(channel, () => this.#channel === channel);
    this.#channel = channel;
    this.#acknowledger = acknowledger;
    this.#tag = undefined;
    void ended.then(() => {
      if (this.#channel === channel) this.#channel = undefined;
    });
    // Stopped while the channel was opening: nobody else would close it, and it would consume on.
    if (this.#isStopping()) {
      await channel.close();
      return { ended };
    }
    await channel.prefetch(prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) {
        // The broker cancelled us: the queue was deleted, or its leader moved. A new channel finds it again.
        cancelled = true;
        this.#log.warn({ queue }, 'consumer cancelled by the broker');
        acknowledger.flush();
        // A closing channel takes no ack: what is done from here on comes again, if the queue lives on, and is then
        // found done.
        if (this.#channel === channel) this.#channel = undefined;
        void channel.close().catch(() => undefined);
        return;
      }
      this.#take(channel, acknowledger, message);
    });
    this.#tag = consumerTag;
    return { ended };
  }

  #take(channel: Channel, acknowledger: Acknowledger, message: ConsumeMessage): void {
    acknowledger.took(message);
    // Not begun and not acknowledged: it goes back to the queue when the channel closes.
    if (this.#isStopping()) return;
    const work = this.#handle(channel, acknowledger, message).finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
  }

  async #handle(channel: Channel, acknowledger: Acknowledger, message: ConsumeMessage): Promise<void> {
    const { queue, handler } = this.#options;
    const incoming: Incoming = {
      queue,
      exchange: message.fields.exchange,
      routingKey: message.fields.routingKey,
      messageId: message.properties.messageId as string | undefined,
      headers: message.properties.headers ?? {},
      redelivered: message.fields.redelivered,
      body: message.content,
    };
    // A delivery tag belongs to its channel: once that is gone the broker has already given the message
    // to somebody else, and an ack elsewhere would settle another message.
    const ours = () => this.#channel === channel;
    for (let attempt = 1; ours(); attempt += 1) {
      try {
        await handler(incoming);
        if (ours()) acknowledger.done(message);
        return;
      } catch (error) {
        this.#log.warn(
          { queue, messageId: incoming.messageId, attempt, err: error },
          'message held: something it needs is away',
        );
        await pause(backoffMs(attempt, HANDLE_AGAIN, Math.random), this.#stopping.signal);
        if (this.#isStopping()) return;
      }
    }
  }
}

/** The broker has no such queue. */
const isNotFound = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 404;
