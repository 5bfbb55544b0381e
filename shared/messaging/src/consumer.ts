import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { refusedAccess } from './access-refused.ts';
import { Acknowledger } from './acknowledger.ts';
import { backoffMs, pause, spreadMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import { FirstAttempt } from './first-attempt.ts';
import type { Log } from './log.ts';
import type { TopologyKeeper } from './topology-keeper.ts';
import { answeredWithin, settledWithin } from './within.ts';

/** A message as a handler sees it: no channel, no tag. */
export interface Incoming {
  queue: string;
  exchange: string;
  routingKey: string;
  messageId: string | undefined;
  /** The RabbitMQ user that published it, which the broker has verified; undefined if its publisher did not say. */
  userId: string | undefined;
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
   * throw: record it as a dead letter and return. Throwing `ReturnToQueue` gives the message back.
   *
   * @param stopping aborted when the consumer stops and has cancelled its subscription: stop waiting then
   */
  handler: (message: Incoming, stopping: AbortSignal) => Promise<void>;
}

/** A handler throws this to return a message to its place in the queue; the broker counts it as a delivery. */
export class ReturnToQueue extends Error {
  override readonly name = 'ReturnToQueue';
  constructor() {
    super('the message goes back to its queue');
  }
}

const HANDLE_AGAIN = { firstMs: 200, longestMs: 5_000 };
const REOPEN = { firstMs: 100, longestMs: 5_000 };
/**
 * How long stopping waits for what is in hand: with the broker's own part (5 s at most) less than the 10 s that
 * a service has. What is not done by then goes back to the queue, and whoever gets it finds how far it came.
 */
const DRAIN_TIMEOUT_MS = 4_000;
/** How long closing waits for the broker's answers; without them it gives everything back by losing us. */
const CLOSE_TIMEOUT_MS = 2_000;
/**
 * How long nothing may come before we consume anew. A broker that lost one of its nodes may take a message for
 * brought that never came, or not have heard its ack, and wait for us for ever. The topology has the same rhythm.
 */
const RENEW_AFTER_MS = 30_000;
/**
 * How long the broker may think about an opening: longer than a cluster of three takes to refuse a `consume` for
 * lack of a majority, at 30 s a member. One that we gave up may be carried out late, and give back what it was given.
 */
const ANSWER_TIMEOUT_MS = 100_000;

/** How long the broker is believed to be well although nothing is heard of it. */
export interface ConsumerPatience {
  renewAfterMs?: number | undefined;
  answerTimeoutMs?: number | undefined;
}

/** Us as the broker knows us: one consumer, on a channel of its own. */
interface Open {
  channel: Channel;
  acknowledger: Acknowledger;
  /** Names us on the channel, once we consume. */
  tag: string | undefined;
  /** Aborted when the channel is gone, or being closed. */
  over: AbortController;
  /** The broker cancelled us. */
  cancelled: boolean;
  /** Messages that came so far. */
  taken: number;
}

/**
 * Drains one queue for as long as it is started, across lost channels, cancelled consumers, reconnections, and
 * brokers that have forgotten it.
 */
export class Consumer {
  readonly name: string;
  readonly #connection: Connection;
  readonly #options: ConsumeOptions;
  readonly #log: Log;
  readonly #topology: Pick<TopologyKeeper, 'restore'>;
  readonly #renewAfterMs: number;
  readonly #answerTimeoutMs: number;
  #inHand = 0;
  #onNoneInHand: () => void = () => undefined;
  readonly #stopping = new AbortController();
  #current: Open | undefined;
  #unsubscribe: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  readonly #first = new FirstAttempt();

  constructor(
    connection: Connection,
    options: ConsumeOptions,
    log: Log,
    topology: Pick<TopologyKeeper, 'restore'>,
    { renewAfterMs = RENEW_AFTER_MS, answerTimeoutMs = ANSWER_TIMEOUT_MS }: ConsumerPatience = {},
  ) {
    this.name = `consumer ${options.queue}`;
    this.#connection = connection;
    this.#options = options;
    this.#log = log;
    this.#topology = topology;
    this.#renewAfterMs = renewAfterMs;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** @throws AccessRefusedError if the broker, being there, refuses this service the right to consume the queue. */
  async start(): Promise<void> {
    this.#unsubscribe ??= this.#connection.onUp((model) => void this.#keepConsuming(model));
    if (this.#connection.model !== undefined) await this.#first.wait();
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
    this.#first.ended();
    const { channel, tag } = this.#current ?? {};
    if (channel !== undefined && tag !== undefined) {
      await settledWithin(channel.cancel(tag), CLOSE_TIMEOUT_MS);
    }
    this.#stopping.abort();
    await settledWithin(this.#noneInHand(), DRAIN_TIMEOUT_MS);
    // Closing returns to the queue what was prefetched or held without being acknowledged.
    if (this.#current !== undefined) await this.#leave(this.#current);
  }

  /** Consumes on this connection until it is gone or we stop; a lost channel is opened anew. */
  async #keepConsuming(model: ChannelModel): Promise<void> {
    let queueMayBeGone = false;
    const isOver = () => this.#isStopping() || this.#connection.model !== model;
    for (let attempt = 0; !isOver(); attempt += 1) {
      if (attempt > 0) await pause(backoffMs(attempt, REOPEN, Math.random), this.#stopping.signal);
      if (isOver()) return;
      if (queueMayBeGone) await this.#topology.restore(`${this.name} lost its queue`);
      if (isOver()) return;
      try {
        const open = await this.#open(model);
        this.#first.ended();
        attempt = 0;
        // Silence is no failure, so nothing is waited for.
        if (await this.#fallsSilent(open)) attempt = -1;
        queueMayBeGone = open.cancelled;
        await this.#leave(open);
      } catch (error) {
        queueMayBeGone = isNotFound(error);
        const refusal = refusedAccess(error);
        this.#first.ended(refusal);
        const about = { queue: this.#options.queue, reason: refusal?.message ?? String(error) };
        if (refusal === undefined) this.#log.warn(about, 'cannot consume yet, trying again');
        else this.#log.error(about, 'broker refuses to let this program consume, trying again');
      }
    }
  }

  /** Opens a channel and consumes. */
  async #open(model: ChannelModel): Promise<Open> {
    const { queue } = this.#options;
    const channel = await this.#channelOf(model);
    const open: Open = {
      channel,
      acknowledger: new Acknowledger(channel, () => this.#current === open),
      tag: undefined,
      over: new AbortController(),
      cancelled: false,
      taken: 0,
    };
    channel.on('close', () => this.#drop(open));
    channel.on('error', (error) =>
      this.#log.warn({ queue, reason: error.message }, 'consuming channel failed'),
    );
    this.#current = open;
    try {
      // Stopped while the channel was opening: nobody else would close it, and it would consume on.
      if (!this.#isStopping()) {
        open.tag = await answeredWithin(this.#begin(open), this.#answerTimeoutMs);
      }
    } catch (error) {
      // If it should still be answered, the close comes right after it.
      void this.#leave(open);
      throw error;
    }
    return open;
  }

  async #channelOf(model: ChannelModel): Promise<Channel> {
    const opening = model.createChannel();
    try {
      return await answeredWithin(opening, this.#answerTimeoutMs);
    } catch (error) {
      void opening.then((late) => late.close()).catch(() => undefined);
      throw error;
    }
  }

  /** Answers the consumer's tag. */
  async #begin(open: Open): Promise<string> {
    const { queue, prefetch } = this.#options;
    const { channel } = open;
    await channel.prefetch(prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message !== null) {
        this.#take(open, message);
        return;
      }
      // The broker cancelled us: the queue was deleted, or its leader moved. A new channel finds it again.
      open.cancelled = true;
      this.#log.warn({ queue }, 'consumer cancelled by the broker');
      void this.#leave(open);
    });
    return consumerTag;
  }

  /** Resolves with true when nothing came for long and nothing is in hand, with false when the channel is gone. */
  async #fallsSilent(open: Open): Promise<boolean> {
    const { queue } = this.#options;
    const isOver = () => open.over.signal.aborted || this.#isStopping();
    while (!isOver()) {
      const { taken } = open;
      await pause(spreadMs(this.#renewAfterMs, Math.random), open.over.signal);
      if (isOver()) break;
      if (open.taken !== taken || this.#inHand > 0) continue;
      let waiting = 0;
      const look = open.channel.checkQueue(queue).then(({ messageCount }) => (waiting = messageCount));
      await settledWithin(look, CLOSE_TIMEOUT_MS);
      if (isOver()) break;
      if (open.taken !== taken) continue;
      // What waits in the queue was to come to us, who wait for it.
      if (waiting > 0) this.#log.warn({ queue, waiting }, 'messages wait and none came: consuming anew');
      return true;
    }
    return false;
  }

  /**
   * Ends a channel of ours, if it is not over already, with the acks that are due. What the broker believes to be in
   * our hands goes back to its queue; whoever gets it finds how far it came.
   */
  async #leave(open: Open): Promise<void> {
    if (open.over.signal.aborted) return;
    open.acknowledger.flush();
    // A closing channel takes no ack: what is done from here on comes again, and is then found done.
    this.#drop(open);
    await settledWithin(open.channel.close(), CLOSE_TIMEOUT_MS);
  }

  #drop(open: Open): void {
    open.over.abort();
    if (this.#current === open) this.#current = undefined;
  }

  #take(open: Open, message: ConsumeMessage): void {
    open.taken += 1;
    open.acknowledger.took(message);
    // Not begun and not acknowledged: it goes back to the queue when the channel closes.
    if (this.#isStopping()) return;
    this.#inHand += 1;
    void this.#handle(open, message).finally(this.#oneDone);
  }

  readonly #oneDone = (): void => {
    this.#inHand -= 1;
    if (this.#inHand === 0) this.#onNoneInHand();
  };

  #noneInHand(): Promise<void> {
    if (this.#inHand === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onNoneInHand = resolve));
  }

  async #handle(open: Open, message: ConsumeMessage): Promise<void> {
    const { queue, handler } = this.#options;
    const incoming: Incoming = {
      queue,
      exchange: message.fields.exchange,
      routingKey: message.fields.routingKey,
      messageId: message.properties.messageId as string | undefined,
      userId: message.properties.userId as string | undefined,
      headers: message.properties.headers ?? {},
      redelivered: message.fields.redelivered,
      body: message.content,
    };
    // A delivery tag belongs to its channel: once that is gone the broker has already given the message
    // to somebody else, and an ack elsewhere would settle another message.
    const ours = () => this.#current === open;
    for (let attempt = 1; ours(); attempt += 1) {
      try {
        await handler(incoming, this.#stopping.signal);
        if (ours()) open.acknowledger.done(message);
        return;
      } catch (error) {
        if (error instanceof ReturnToQueue) {
          if (ours()) open.acknowledger.giveBack(message);
          return;
        }
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
