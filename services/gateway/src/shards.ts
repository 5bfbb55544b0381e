import { liveExchangeOf, SHARDS, shardKey, shardOf } from '@payfan/contracts';

/** What is bound by routing key: a `Subscription` of the broker. */
interface Bindings {
  /** Resolves when whatever is published afterwards arrives; waits for a broker that is away. Cheap if bound. */
  bind(routingKey: string): Promise<void>;
  unbind(routingKey: string): Promise<void>;
}

export interface ShardsOptions {
  /** By the exchange that carries a topic's events. */
  readonly bindings: Readonly<Record<string, Bindings>>;
  /** How long a shard stays bound that nobody needs any more. */
  readonly lingerMs: number;
}

interface Shard {
  users: number;
  lingering: NodeJS.Timeout | undefined;
}

/**
 * Binds the shards that somebody needs. One that nobody needs stays for a while: a client that reconnects, or
 * polls, must not cost the broker a binding each time.
 */
export class Shards {
  readonly #options: ShardsOptions;
  /** By exchange and routing key. */
  readonly #shards = new Map<string, Shard>();

  constructor(options: ShardsOptions) {
    this.#options = options;
  }

  /** Counts a user of a topic's shard. Resolves when it is bound; rejects when everything ends first. */
  hold(topic: string): Promise<void> {
    return this.#hold(liveExchangeOf(topic), shardKey(shardOf(topic)));
  }

  /** Counts a user of all shards on which topics of a pattern may be. */
  async holdAll(pattern: string): Promise<void> {
    await Promise.all(allKeys().map((key) => this.#hold(liveExchangeOf(pattern), key)));
  }

  release(topic: string): void {
    this.#release(liveExchangeOf(topic), shardKey(shardOf(topic)));
  }

  releaseAll(pattern: string): void {
    for (const key of allKeys()) this.#release(liveExchangeOf(pattern), key);
  }

  /** Ends the waiting for what lingers. */
  close(): void {
    for (const { lingering } of this.#shards.values()) clearTimeout(lingering);
    this.#shards.clear();
  }

  #hold(exchange: string, key: string): Promise<void> {
    const name = `${exchange} ${key}`;
    let shard = this.#shards.get(name);
    if (shard === undefined) {
      shard = { users: 0, lingering: undefined };
      this.#shards.set(name, shard);
    }
    clearTimeout(shard.lingering);
    shard.users += 1;
    // Also one that is bound already: the broker may have gone since.
    const bound = this.#bindings(exchange).bind(key);
    // Whoever waits for it hears of it; nobody may be waiting.
    bound.catch(() => undefined);
    return bound;
  }

  #release(exchange: string, key: string): void {
    const name = `${exchange} ${key}`;
    const shard = this.#shards.get(name);
    if (shard === undefined) return;
    shard.users -= 1;
    if (shard.users > 0) return;
    shard.lingering = setTimeout(() => {
      this.#shards.delete(name);
      void this.#bindings(exchange).unbind(key);
    }, this.#options.lingerMs);
    shard.lingering.unref();
  }

  #bindings(exchange: string): Bindings {
    const bindings = this.#options.bindings[exchange];
    if (bindings === undefined) throw new Error(`there is no subscription to ${exchange}`);
    return bindings;
  }
}

const allKeys = (): string[] => Array.from({ length: SHARDS }, (_, shard) => shardKey(shard));
