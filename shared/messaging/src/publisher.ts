import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import { refusedAccess } from './access-refused.ts';
import type { Connection } from './connection.ts';
import type { Hindrance } from './declare-topology.ts';
import type { Log } from './log.ts';
import type { TopologyKeeper } from './topology-keeper.ts';
import { settledWithin } from './within.ts';

/** A message on its way out. Published mandatory and persistent, unless it is transient. */
export interface Outgoing {
  exchange: string;
  routingKey: string;
  messageId: string;
  contentType: string;
  headers?: Record<string, string | number>;
  /** How long it may wait in a queue; a queue with a TTL of its own keeps the shorter of the two. */
  expiresAfterMs?: number;
  /**
   * Of use only now: never written to a disk, and no failure if no queue is bound for it. It is confirmed all
   * the same, which tells its publisher how fast the broker takes it.
   */
  transient?: boolean;
  body: Buffer;
}

/**
 * Why a publish did not succeed. `returned`: no queue is bound for it, or nobody here declares its exchange
 * (the topology is wrong, the broker has not kept it). `refused`: this program's user lacks the right. `nacked`: the
 * broker could not store it. `blocked`, `disconnected`: not sent. `timeout`, and `disconnected` after sending: perhaps
 * stored, perhaps not, so send it again under the same id.
 */
export type PublishFailure = 'returned' | 'refused' | 'nacked' | 'blocked' | 'disconnected' | 'timeout';

export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly kind: PublishFailure;
  constructor(kind: PublishFailure, detail: string) {
    super(`message not published (${kind}): ${detail}`);
    this.kind = kind;
  }
}

/** RabbitMQ confirms have no time-out of their own; one that takes this long belongs to a stuck channel. */
const CONFIRM_TIMEOUT_MS = 10_000;
/** How long nothing is sent to an exchange that cost a channel: each attempt costs the other messages their confirms. */
const AVOID_MS = 5_000;
/** Well below the 10 s that a service has to stop; what is unconfirmed by then is sent again by whoever holds it. */
const STOP_TIMEOUT_MS = 3_000;

export interface PublisherOptions {
  connection: Connection;
  topology: Pick<TopologyKeeper, 'declares' | 'restore' | 'hindrance'>;
  log: Log;
  confirmTimeoutMs?: number;
}

interface Failed {
  kind: PublishFailure;
  why: string;
}

interface Pending {
  exchange: string;
  routingKey: string;
  resolve: () => void;
  reject: (error: PublishError) => void;
  sentAtMs: number;
  /** What the broker said of this message; a `return` comes before the confirm of the same message. */
  failed: Failed | undefined;
}

/**
 * Publishes with confirms on one channel of one connection. Keeps nothing for later: what cannot be sent
 * now is refused now, so that the truth stays where it is durable (the outbox, or the queue it came from).
 */
export class Publisher {
  readonly #connection: Connection;
  readonly #topology: PublisherOptions['topology'];
  readonly #log: Log;
  readonly #pending = new Map<string, Pending>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #confirmTimeoutMs: number;
  #channel: ConfirmChannel | undefined;
  /** Whether the broker refused a message on this channel. */
  #hasNacked = false;
  /** While what was deleted is being declared again. */
  #healing = false;
  /** By exchange: why the broker closed a channel over it, and until when it is avoided. */
  readonly #avoided = new Map<string, Failed & { untilMs: number }>();

  constructor({ connection, topology, log, confirmTimeoutMs = CONFIRM_TIMEOUT_MS }: PublisherOptions) {
    this.#connection = connection;
    this.#topology = topology;
    this.#log = log;
    this.#confirmTimeoutMs = confirmTimeoutMs;
    this.#unsubscribe = connection.onUp((model) => void this.#open(model));
    this.#timer = setInterval(() => this.#recycle(), Math.min(1_000, confirmTimeoutMs / 2));
    this.#timer.unref();
  }

  /** Why a publish has no chance now, for people; undefined if it has one. */
  get hindrance(): string | undefined {
    if (this.#channel === undefined) return 'opening a channel';
    return this.#connection.blocked ?? (this.#healing ? 'declaring the topology again' : undefined);
  }

  /** The right that the broker refused to a message while its exchange is still avoided. */
  get refusal(): string | undefined {
    const refused = [...this.#avoided.values()].find(
      ({ kind, untilMs }) => kind === 'refused' && performance.now() < untilMs,
    );
    return refused?.why;
  }

  /** Messages sent and not yet confirmed. */
  get unconfirmed(): number {
    return this.#pending.size;
  }

  /** Sends one message; resolves when the broker has stored it in every queue bound for it. */
  publish(message: Outgoing): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) {
      return Promise.reject(
        new PublishError('disconnected', this.#connection.lastError ?? 'no connection yet'),
      );
    }
    if (this.hindrance !== undefined) {
      return Promise.reject(new PublishError('blocked', this.hindrance));
    }
    const failed = this.#hindranceOf(message.exchange);
    if (failed !== undefined) return Promise.reject(new PublishError(failed.kind, failed.why));
    if (this.#pending.has(message.messageId)) {
      return Promise.reject(new PublishError('nacked', `${message.messageId} is already under way`));
    }
    return new Promise((resolve, reject) => {
      const { exchange, routingKey, transient = false } = message;
      const pending: Pending = {
        exchange,
        routingKey,
        resolve,
        reject,
        sentAtMs: performance.now(),
        failed: undefined,
      };
      this.#pending.set(message.messageId, pending);
      const settle = (error: unknown) => {
        if (this.#pending.get(message.messageId) !== pending) return;
        this.#pending.delete(message.messageId);
        if (pending.failed !== undefined) reject(new PublishError(pending.failed.kind, pending.failed.why));
        else if (error == null) resolve();
        // amqplib fails what is unconfirmed when its channel dies, too: only this text is a nack.
        else if (error instanceof Error && error.message === 'message nacked') {
          if (this.#channel === channel) this.#hasNacked = true;
          reject(new PublishError('nacked', 'refused by the broker'));
        } else reject(new PublishError('disconnected', 'the channel closed before the confirm came'));
      };
      const options: Options.Publish = {
        messageId: message.messageId,
        contentType: message.contentType,
        headers: message.headers,
        mandatory: !transient,
        persistent: !transient,
        // The broker refuses any other name than the connection's own, so consumers know who published.
        userId: this.#connection.user,
      };
      if (message.expiresAfterMs !== undefined) options.expiration = message.expiresAfterMs;
      try {
        channel.publish(exchange, routingKey, message.body, options, settle);
      } catch (error) {
        this.#pending.delete(message.messageId);
        reject(new PublishError('disconnected', error instanceof Error ? error.message : 'channel closed'));
      }
    });
  }

  /** Waits for the confirms under way, but not for those of a broker that is frozen. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    const channel = this.#channel;
    if (channel !== undefined && this.#pending.size > 0) {
      await settledWithin(channel.waitForConfirms(), STOP_TIMEOUT_MS);
    }
    clearInterval(this.#timer);
    this.#fail('disconnected', 'shutting down');
    this.#channel = undefined;
  }

  #hindranceOf(exchange: string): Failed | Hindrance | undefined {
    const avoided = this.#avoided.get(exchange);
    if (avoided !== undefined && performance.now() < avoided.untilMs) return avoided;
    return this.#topology.hindrance(exchange);
  }

  async #open(model: ChannelModel): Promise<void> {
    try {
      const channel = await model.createConfirmChannel();
      let missing: string | undefined;
      channel.on('error', (error) => {
        const refusal = refusedAccess(error);
        this.#log.error({ reason: (refusal ?? error).message }, 'publishing channel failed');
        if (refusal !== undefined) this.#onRefused(error, refusal.message);
        missing = missingExchange(error);
        if (missing !== undefined) this.#onMissing(missing);
      });
      channel.on('return', (message) => {
        const pending = this.#pending.get(String(message.properties.messageId));
        const { exchange, routingKey } = message.fields;
        if (pending !== undefined) {
          pending.failed = { kind: 'returned', why: `no queue is bound to ${exchange} for ${routingKey}` };
        }
        void this.#heal(channel);
      });
      channel.on('close', () => {
        if (this.#channel !== channel) return;
        this.#channel = undefined;
        this.#fail('disconnected', 'the channel closed before the confirm came');
        void this.#openAgain(model, missing);
      });
      this.#channel = channel;
    } catch (error) {
      this.#log.warn({ reason: String(error) }, 'publishing channel could not be opened');
      // A connection on which no channel opens is of no use; losing it leads to a new one.
      await model.close().catch(() => undefined);
    }
  }

  /** The connection outlived its channel: nobody else will tell us to open another. */
  async #openAgain(model: ChannelModel, missing: string | undefined): Promise<void> {
    if (missing !== undefined && this.#topology.declares(missing)) {
      await this.#topology.restore(`there was no exchange ${missing}`);
    }
    if (this.#connection.model === model) await this.#open(model);
  }

  /**
   * One message to an exchange that is not there costs all that were under way their channel. An exchange of ours comes
   * back; one of another program is avoided for a while, and its messages fail apart from those that merely shared the
   * channel.
   */
  #onMissing(exchange: string): void {
    if (this.#topology.declares(exchange)) return;
    this.#avoid(exchange, { kind: 'returned', why: `there is no exchange ${exchange}` });
  }

  /**
   * One message that this program may not publish also costs the channel. If the program lacks the right to the whole
   * exchange, the exchange is avoided for a while; if only to a routing key, the messages with that key fail.
   */
  #onRefused({ message }: Error, why: string): void {
    const [, topic, ofTopic] = /to topic '(.*)' in exchange '([^']+)'/.exec(message) ?? [];
    const exchange = ofTopic ?? /to exchange '([^']+)'/.exec(message)?.[1];
    if (exchange === undefined) return;
    const failed: Failed = { kind: 'refused', why };
    if (topic === undefined) this.#avoid(exchange === 'amq.default' ? '' : exchange, failed);
    for (const pending of this.#pending.values()) {
      if (pending.exchange === exchange && pending.routingKey === topic) pending.failed = failed;
    }
  }

  #avoid(exchange: string, failed: Failed): void {
    this.#avoided.set(exchange, { ...failed, untilMs: performance.now() + AVOID_MS });
    for (const pending of this.#pending.values()) {
      if (pending.exchange === exchange) pending.failed = failed;
    }
  }

  /**
   * Has the topology declared again, and sends nothing meanwhile. What is under way is answered first: a
   * message that meets some of the bindings, and not yet all, would miss a queue and nobody would know.
   */
  async #heal(channel: ConfirmChannel): Promise<void> {
    if (this.#healing) return;
    this.#healing = true;
    await settledWithin(channel.waitForConfirms(), this.#confirmTimeoutMs);
    await this.#topology.restore('a message was returned');
    this.#healing = false;
  }

  /** Opens a new channel when a confirm is overdue, or when the broker refused a message on this one. */
  #recycle(): void {
    const oldest = this.#pending.values().next().value;
    const isOverdue = oldest !== undefined && performance.now() - oldest.sentAtMs >= this.#confirmTimeoutMs;
    if (isOverdue) this.#fail('timeout', `no confirm within ${this.#confirmTimeoutMs} ms`);
    // While the broker blocks us confirms are late with good reason.
    if (isOverdue && this.#connection.blocked === undefined) this.#replace('confirms are overdue');
    // A channel that begins with a quorum queue whose leader's node is down refuses everything for as long as that node
    // is away (rabbit_fifo_client of RabbitMQ 3.10); a new channel asks for the new leader.
    else if (this.#hasNacked) this.#replace('the broker refused messages');
  }

  /** What is under way on the old channel is still answered there. */
  #replace(why: string): void {
    this.#log.warn({}, `${why}: opening a new publishing channel`);
    const channel = this.#channel;
    const model = this.#connection.model;
    this.#channel = undefined;
    this.#hasNacked = false;
    if (channel !== undefined) {
      const answered = this.#pending.size === 0 ? Promise.resolve() : channel.waitForConfirms();
      void settledWithin(answered, this.#confirmTimeoutMs)
        .then(() => channel.close())
        .catch(() => undefined);
    }
    if (model !== undefined) void this.#open(model);
  }

  #fail(kind: PublishFailure, detail: string): void {
    const failed = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, failed: own } of failed) {
      reject(own === undefined ? new PublishError(kind, detail) : new PublishError(own.kind, own.why));
    }
  }
}

/** The name of the exchange, if it is for lack of one that the broker closed a channel. */
function missingExchange(error: Error): string | undefined {
  return /NOT_FOUND - no exchange '([^']+)'/.exec(error.message)?.[1];
}
