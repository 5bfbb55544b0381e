import { SHARDS, shardKey, shardOf } from '@payfan/contracts';

/** What is bound by routing key: a `Subscription` of the broker. */
interface Bindings {
  /** Resolves when whatever is published afterwards arrives; waits for a broker that is away. Cheap if bound. */
  bind(routingKey: string): Promise<void>;
  unbind(routingKey: string): Promise<void>;
}

export interface ShardsOptions {
  readonly bindings: Bindings;
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
  readonly #shards = new Map<string, Shard>();

  constructor(options: ShardsOptions) {
    this.#options = options;
  }

  /** Counts a user of a topic's shard. Resolves when it is bound; rejects when everything ends first. */
  hold(topic: string): Promise<void> {
    return this.#hold(shardKey(shardOf(topic)));
  }

  /** Counts a user of all shards, for whoever follows what cannot be named beforehand. */
  async holdAll(): Promise<void> {
    await Promise.all(allKeys().map((key) => this.#hold(key)));
  }

  release(topic: string): void {
    this.#release(shardKey(shardOf(topic)));
  }

  releaseAll(): void {
    for (const key of allKeys()) this.#release(key);
  }

  /** Ends the waiting for what lingers. */
  close(): void {
    for (const { lingering } of this.#shards.values()) clearTimeout(lingering);
    this.#shards.clear();
  }

  #hold(key: string): Promise<void> {
    let shard = this.#shards.get(key);
    if (shard === undefined) {
      shard = { users: 0, lingering: undefined };
      this.#shards.set(key, shard);
    }
    clearTimeout(shard.lingering);
    shard.users += 1;
    // Also one that is bound already: the broker may have gone since.
    const bound = this.#options.bindings.bind(key);
    // Whoever waits for it hears of it; nobody may be waiting.
    bound.catch(() => undefined);
    return bound;
  }

  #release(key: string): void {
    const shard = this.#shards.get(key);
    if (shard === undefined) return;
    shard.users -= 1;
    if (shard.users > 0) return;
    shard.lingering = setTimeout(() => {
      this.#shards.delete(key);
      void this.#options.bindings.unbind(key);
    }, this.#options.lingerMs);
    shard.lingering.unref();
  }
}

const allKeys = (): string[] => Array.from({ length: SHARDS }, (_, shard) => shardKey(shard));
